import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import type { Engine } from './engine.ts';

/* dynalite has no types and keeps its store to itself: these are the parts that are used here, of version 4.0.0. */

interface Level {
  readonly keys: (options: unknown) => AsyncIterable<unknown>;
  readonly values: (options: unknown) => AsyncIterable<unknown>;
  createKeyStream: (options: unknown) => Readable;
  createValueStream: (options: unknown) => Readable;
}

interface DynaliteDb {
  create: (options: object) => { readonly db: Level };
}

const require = createRequire(import.meta.url);

/**
 * dynalite 4.0.0 ends the iterator of a read stream by `return()`, which LevelDB's iterators don't have: each Query left
 * one open, and memory grew by some 50 KB per call. `Readable.from` closes them.
 */
const withClosedIterators = <T>(run: () => T): T => {
  const db = require('dynalite/db') as DynaliteDb;
  const { create } = db;
  db.create = (options) => {
    const store = create(options);
    store.db.createKeyStream = (range) => Readable.from(store.db.keys(range));
    store.db.createValueStream = (range) => Readable.from(store.db.values(range));
    return store;
  };
  try {
    return run();
  } finally {
    db.create = create;
  }
};

/** DynamoDB: dynalite behind a socket of its own. */
export const startDynamoDbEngine = async (options: {
  readonly socketPath: string;
  /** Absent: in memory. */
  readonly dataPath?: string;
}): Promise<Engine> => {
  const dynalite = require('dynalite') as (settings: object) => Server;
  const server = withClosedIterators(() =>
    dynalite({ createTableMs: 0, ...(options.dataPath !== undefined && { path: options.dataPath }) }),
  );
  server.listen(options.socketPath);
  await once(server, 'listening');
  return {
    socketPath: options.socketPath,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
};
