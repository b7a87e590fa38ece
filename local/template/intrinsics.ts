import { TemplateError, type PhysicalResource, type Template } from './types.ts';

export interface IntrinsicsOptions {
  readonly template: Template;
  /** `AWS::Region` and its kin. */
  readonly pseudo: Readonly<Record<string, string>>;
  readonly physical: (logicalId: string) => PhysicalResource;
}

/** Evaluates every intrinsic function within a value of the template. */
export type Resolve = (value: unknown) => unknown;

const NO_VALUE = Symbol('AWS::NoValue');

type Evaluate = (argument: unknown) => unknown;

/** CloudFormation user guide, "Intrinsic function reference". A function that is not here is an error naming it. */
export const createResolve = (options: IntrinsicsOptions): Resolve => {
  const { template, pseudo, physical } = options;

  const ref = (name: string): unknown => {
    if (name === 'AWS::NoValue') return NO_VALUE;
    const parameter = template.Parameters?.[name];
    if (parameter) return parameter.Default ?? `placeholder-of-${name}`;
    return pseudo[name] ?? physical(name).ref;
  };

  const attribute = (logicalId: string, name: string): string => {
    const value = physical(logicalId).attributes[name];
    if (value === undefined) {
      const type = template.Resources[logicalId]?.Type;
      throw new TemplateError(`${logicalId} (${type}) has no attribute ${name} in the local runner`);
    }
    return value;
  };

  const substitute = (text: string, variables: Readonly<Record<string, unknown>>): string =>
    text.replace(/\$\{([^}]+)\}/g, (_whole, name: string) => {
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      if (Object.hasOwn(variables, name)) return String(variables[name]);
      const [logicalId = '', ...path] = name.split('.');
      return path.length > 0 ? attribute(logicalId, path.join('.')) : String(ref(name));
    });

  const condition = (name: string): boolean => {
    const expression = template.Conditions?.[name];
    if (expression === undefined) throw new TemplateError(`There is no condition ${name}`);
    return resolve(expression) === true;
  };

  const functions: Readonly<Record<string, Evaluate>> = {
    Ref: (name) => ref(String(name)),
    Condition: (name) => condition(String(name)),
    'Fn::GetAtt': (argument) => {
      const [logicalId = '', ...path] = Array.isArray(argument)
        ? argument.map(String)
        : String(argument).split('.');
      return attribute(logicalId, path.join('.'));
    },
    'Fn::Join': (argument) => {
      const [separator, parts] = resolve(argument) as [string, unknown[]];
      return parts.map(String).join(separator);
    },
    'Fn::Sub': (argument) =>
      Array.isArray(argument)
        ? substitute(String(argument[0]), resolve(argument[1]) as Record<string, unknown>)
        : substitute(String(argument), {}),
    'Fn::Select': (argument) => {
      const [index, list] = resolve(argument) as [string | number, unknown[]];
      return list[Number(index)];
    },
    'Fn::Split': (argument) => {
      const [separator, text] = resolve(argument) as [string, string];
      return text.split(separator);
    },
    'Fn::Base64': (argument) => Buffer.from(String(resolve(argument))).toString('base64'),
    'Fn::GetAZs': () => ['a', 'b', 'c'].map((zone) => `${pseudo['AWS::Region']}${zone}`),
    'Fn::If': (argument) => {
      const [name, yes, no] = argument as [string, unknown, unknown];
      return resolve(condition(name) ? yes : no);
    },
    'Fn::Equals': (argument) => {
      const [left, right] = resolve(argument) as [unknown, unknown];
      return left === right;
    },
    'Fn::Not': (argument) => (resolve(argument) as unknown[])[0] !== true,
    'Fn::And': (argument) => (resolve(argument) as unknown[]).every((value) => value === true),
    'Fn::Or': (argument) => (resolve(argument) as unknown[]).some((value) => value === true),
    'Fn::FindInMap': (argument) => {
      const [map, top, second] = resolve(argument) as [string, string, string];
      return template.Mappings?.[map]?.[top]?.[second];
    },
  };

  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name, argument] = entries[0] ?? [];
    if (entries.length === 1 && name !== undefined && isIntrinsic(name, argument)) {
      const evaluate = functions[name];
      if (!evaluate) throw new TemplateError(`${name} is not supported by the local runner`);
      return evaluate(argument);
    }
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, resolve(inner)] as const).filter(([, inner]) => inner !== NO_VALUE),
    );
  };

  return resolve;
};

/** A policy statement has a `Condition` too; the intrinsic of that name holds a string. */
const isIntrinsic = (name: string, argument: unknown): boolean =>
  name === 'Ref' || name.startsWith('Fn::') || (name === 'Condition' && typeof argument === 'string');
