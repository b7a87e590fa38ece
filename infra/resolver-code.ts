import { buildSync } from 'esbuild';
import { buildSchema, isObjectType, type GraphQLSchema } from 'graphql';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAppSyncJs } from './check-appsync-js.ts';
import { PATHS } from './paths.ts';

export interface FunctionCode {
  /** The file's name without its ending, e.g. `1.list`. */
  readonly name: string;
  readonly code: string;
}

export interface ResolverSource extends FunctionCode {
  readonly typeName: string;
  readonly fieldName: string;
  /** Of a pipeline, in their order: the files of the folder `Type.field/`. */
  readonly functions: readonly FunctionCode[];
}

/**
 * Every resolver, bundled. The tree is the wiring: `resolvers/Type.field.ts` resolves that field, and a folder of the same
 * name holds the functions of a pipeline. A name that the schema does not know is an error.
 */
export const readResolvers = (directory: string = PATHS.resolvers): readonly ResolverSource[] => {
  const schema = readSchema();
  return readdirSync(directory)
    .filter((file) => /^[A-Z]\w*\.\w+\.ts$/.test(file) && !file.endsWith('.test.ts'))
    .sort()
    .map((file) => {
      const [typeName = '', fieldName = ''] = file.split('.');
      const type = schema.getType(typeName);
      if (!isObjectType(type) || !type.getFields()[fieldName]) {
        throw new Error(`resolvers/${file}: schema.graphql has no field ${typeName}.${fieldName}`);
      }
      const name = `${typeName}.${fieldName}`;
      return {
        name,
        typeName,
        fieldName,
        code: bundle(join(directory, file)),
        functions: readPipeline(join(directory, name)),
      };
    });
};

export const readSchema = (): GraphQLSchema =>
  buildSchema([PATHS.prelude, PATHS.schema].map((path) => readFileSync(path, 'utf8')).join('\n'));

const readPipeline = (directory: string): FunctionCode[] =>
  existsSync(directory)
    ? readdirSync(directory)
        .filter((file) => /^\d+\.\w+\.ts$/.test(file))
        .sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10))
        .map((file) => ({ name: file.slice(0, -'.ts'.length), code: bundle(join(directory, file)) }))
    : [];

/** The flags of the AppSync developer guide ("Bundling, TypeScript, and source maps"), without a source map. */
const bundle = (entry: string): string => {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'esnext',
    platform: 'node',
    external: ['@aws-appsync/utils'],
    logLevel: 'error',
  });
  const code = outputFiles[0]?.text ?? '';
  const offences = checkAppSyncJs(code);
  if (offences.length > 0) {
    const lines = offences.map(({ line, column, message }) => `  bundle:${line}:${column} ${message}`);
    throw new Error(`${entry} can't run on APPSYNC_JS:\n${lines.join('\n')}`);
  }
  return code;
};
