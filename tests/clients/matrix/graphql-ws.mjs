import { begunOn, socketTo } from "./sockets.mjs";
import { follow, run } from "./sinks.mjs";

export function connect(to) {
  const socket = socketTo(to);
  return {
    run: (text, variables) => run(socket, text, variables),
    follow(text, variables) {
      const followed = follow(socket, text, variables);
      return { ...followed, begun: () => begunOn(socket) };
    },
    close: () => socket.dispose(),
  };
}
