import { readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/*
 * Who may import whom. A room is the first folder of a file's path, but for three: the Lambda, which lives among the resolvers and is
 * allowed more than they are, and what uses the SDK and is no part of what a browser loads: the A1111 front, and the command line.
 */

interface Room {
  /** Other rooms whose code may be imported. */
  readonly rooms: readonly string[];
  /** Packages from the registry; a pattern is tested against the whole name. `node:` is free but for resolvers. */
  readonly packages: readonly (string | RegExp)[];
  readonly node: boolean;
}

const AWS_SDK = [/^@aws-sdk\//, /^@smithy\//, /^@aws-crypto\//];

const ROOMS: Readonly<Record<string, Room>> = {
  contract: { rooms: [], packages: ['valibot'], node: false },
  resolvers: { rooms: ['contract'], packages: ['@aws-appsync/utils'], node: false },
  'resolvers/task_handler': {
    rooms: ['contract', 'ledger'],
    packages: [...AWS_SDK, 'valibot', 'safe-stable-stringify'],
    node: true,
  },
  ledger: { rooms: ['contract'], packages: [...AWS_SDK, 'valibot'], node: true },
  worker: {
    rooms: ['contract', 'ledger'],
    packages: [...AWS_SDK, 'valibot', 'pino', 'undici', 'fast-png', 'image-size'],
    node: true,
  },
  infra: {
    rooms: ['contract'],
    packages: [/^aws-cdk-lib/, 'constructs', 'esbuild', 'graphql', 'acorn', 'acorn-walk', 'eslint-scope'],
    node: true,
  },
  'client-sdk': {
    rooms: [],
    packages: [/^aws-amplify/, /^@aws-amplify\//, 'ws', 'react', 'esbuild'],
    node: true,
  },
  'client-sdk/src/front': { rooms: ['client-sdk'], packages: [], node: true },
  'client-sdk/src/cli': {
    rooms: ['client-sdk', 'client-sdk/src/front'],
    packages: ['cli-progress', '@aws-sdk/credential-provider-node'],
    node: true,
  },
  local: {
    rooms: ['contract', 'infra', 'client-sdk', 'client-sdk/src/front'],
    packages: [
      ...AWS_SDK,
      ...[
        'dynalite',
        /^dynalite\//,
        /^fauxqs/,
        'graphql',
        'jose',
        'selfsigned',
        'ws',
        'esbuild',
        'fast-png',
        'image-size',
        'cli-progress',
        'log-update',
        'pino-pretty',
      ],
    ],
    node: true,
  },
};

const root = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && !/\.(test|generated)\.ts$/.test(file));

const roomOf = (path: string): string =>
  Object.keys(ROOMS).find((room) => room.includes('/') && path.startsWith(`${room}/`)) ??
  path.split('/')[0] ??
  '';

const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:\bfrom|\bimport\()\s*'([^']+)'/g)].map(
    (match) => match[1] ?? '',
  );

/** Packages imported, required, or resolved for their files. */
const packagesIn = (file: string): string[] => {
  const resolved = [
    ...readFileSync(join(root, file), 'utf8').matchAll(/(?:\brequire|\bfileOf)\('([^']+)'/g),
  ].map((match) => match[1] ?? '');
  return [...importsOf(file), ...resolved]
    .filter((specifier) => /^[a-z@]/.test(specifier) && !specifier.startsWith('node:'))
    .map(packageOf);
};

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const offence = (file: string, specifier: string, room: Room): string | undefined => {
  if (specifier.startsWith('.')) {
    const target = posix.normalize(relative(root, join(root, dirname(file), specifier)));
    const other = roomOf(target);
    return other === roomOf(file) || room.rooms.includes(other) ? undefined : `${file} imports ${target}`;
  }
  if (specifier.startsWith('node:')) return room.node ? undefined : `${file} imports ${specifier}`;
  const name = packageOf(specifier);
  const allowed = room.packages.some((entry) =>
    typeof entry === 'string' ? entry === name : entry.test(specifier),
  );
  return allowed ? undefined : `${file} imports ${specifier}`;
};

describe('the import table', () => {
  it.each(Object.keys(ROOMS))('%s imports only what it may', (name) => {
    const room = ROOMS[name] as Room;
    const mine = files.filter((file) => roomOf(file) === name);
    expect(mine.length).toBeGreaterThan(0);
    const offences = mine.flatMap((file) =>
      importsOf(file).flatMap((specifier) => offence(file, specifier, room) ?? []),
    );
    expect(offences).toEqual([]);
  });

  it('stands on packages that the workspace declares itself, and declares none that it does not use', () => {
    const problems = Object.keys(ROOMS)
      .filter((name) => !name.includes('/'))
      .flatMap((workspace) => {
        const {
          dependencies = {},
          devDependencies = {},
          peerDependencies = {},
        } = JSON.parse(readFileSync(join(root, workspace, 'package.json'), 'utf8')) as Partial<
          Record<string, Record<string, string>>
        >;
        const declared = { ...dependencies, ...devDependencies, ...peerDependencies };
        const mine = files.filter((file) => file.startsWith(`${workspace}/`));
        const used = new Set(mine.flatMap((file) => packagesIn(file)));
        const undeclared = [...used].filter((name) => !(name in declared));
        const unused = Object.keys(dependencies).filter((name) => !used.has(name));
        return [
          ...undeclared.map((name) => `${workspace} does not declare ${name}`),
          ...unused.map((name) => `${workspace} does not use ${name}`),
        ];
      });
    expect(problems).toEqual([]);
  });

  it('knows every folder that holds code', () => {
    const known = [...Object.keys(ROOMS), 'test', 'bench'];
    const strangers = files.filter((file) => file.includes('/') && !known.includes(roomOf(file)));
    expect(strangers).toEqual([]);
  });
});
