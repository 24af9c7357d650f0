// What a client is told, to be waited for: what must come, comes soon or never.
const SOON_MS = 10_000;

export function soon(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing came within ${SOON_MS} ms`)), SOON_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Inbox {
  #held = [];
  #takers = [];

  put(item) {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#held.push(item);
  }

  next(what) {
    if (this.#held.length > 0) return Promise.resolve(this.#held.shift());
    return soon(new Promise((resolve) => this.#takers.push(resolve)), what);
  }
}
