import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Cable {
  /** The other end's URL, by way of the cable. */
  readonly url: string;
  /** Cuts every connection, without a word to either side. New ones are let through. */
  readonly cut: () => void;
  readonly stop: () => Promise<void>;
}

/** A way to a server that can be cut: Chromium's own "offline" leaves open WebSockets as they are (156). */
export const startCable = async (to: string): Promise<Cable> => {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket
        .on('error', () => socket.destroy())
        .once('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const url = new URL(to);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cut,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
};
