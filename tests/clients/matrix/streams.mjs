// `fetch` that says when a stream of events has begun: with the first comment, the server has subscribed.
export function watchedFetch() {
  const watchers = [];

  async function watched(...request) {
    const hasBegun = watchers.shift();
    const response = await fetch(...request);
    if (!hasBegun) return response;
    const transform = (chunk, out) => {
      hasBegun();
      out.enqueue(chunk);
    };
    const body = response.body.pipeThrough(new TransformStream({ transform }));
    return new Response(body, { status: response.status, headers: response.headers });
  }

  // Resolves when the response to the next request has begun.
  const begun = () => new Promise((resolve) => watchers.push(resolve));
  return { fetch: watched, begun };
}
