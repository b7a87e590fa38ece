import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface FrontOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Given a connection whose first bytes were put back. */
  readonly onPlain: (socket: Socket) => void;
  readonly onTls: (socket: Socket) => void;
}

/** The port itself: it stays the same when everything behind it goes and comes back. */
export interface Front {
  readonly port: number;
  /** Closes every connection, and takes none for that long. */
  readonly restart: (downMs: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The first byte of a TLS handshake record. */
const TLS_HANDSHAKE = 0x16;
const LISTEN_AGAIN_MS = 50;

/**
 * The first byte tells TLS from HTTP, because an unmodified Amplify that was given `http://` opens its socket with `wss://`.
 */
export const startFront = async (options: FrontOptions): Promise<Front> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy()));
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      if (first[0] === TLS_HANDSHAKE) options.onTls(socket);
      else options.onPlain(socket);
      process.nextTick(() => socket.resume());
    });
  });
  const stopping = new AbortController();
  const { signal } = stopping;

  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };

  /** Meanwhile the port may have been lent to a connection of somebody else's. */
  const listenAgain = async (port: number): Promise<void> => {
    while (!signal.aborted) {
      try {
        return await listen(server, port);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
        await delay(LISTEN_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  };

  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  let restarting: Promise<void> = Promise.resolve();
  const restart = async (downMs: number): Promise<void> => {
    await close();
    await delay(downMs, undefined, { signal }).catch(() => undefined);
    await listenAgain(port);
  };
  return {
    port,
    restart: (downMs) => (restarting = restarting.then(() => restart(downMs))),
    stop: async () => {
      stopping.abort();
      await restarting;
      await close();
    },
  };
};

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
