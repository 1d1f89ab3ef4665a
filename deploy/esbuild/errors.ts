/** The SDK's classes of exceptions, which are alike but for their names, made by one function instead of written out. */
import { replacing } from './replacing.ts';

export const leanErrors = replacing('lean-errors', [
  {
    // Not all clients have exceptions: EC2's has none.
    requiredBy: /[\\/]@aws-sdk[\\/]client-(dynamodb|eventbridge|sqs)[\\/]dist-es[\\/]runtimeConfig\.js$/,
    modules: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]models[\\/]errors\.js$/,
    loader: 'js',
    replace: withErrorsMade,
  },
]);

/** An exception as the SDK's generator writes it; what it writes in another way stays as it is. */
const exception = new RegExp(
  [
    String.raw`^export class (?<name>\w+) extends __BaseException \{`,
    String.raw`(?:    static shapeId = "(?<namespace>[\w.]+)#\k<name>";`,
    String.raw`)?    name = "\k<name>";`,
    String.raw`    \$fault = "(?<fault>client|server)";`,
    String.raw`(?<fields>(?:    \w+;`,
    String.raw`)*)    constructor\(opts\) \{`,
    String.raw`        super\(\{`,
    String.raw`            name: "\k<name>",`,
    String.raw`            \$fault: "\k<fault>",`,
    String.raw`            \.\.\.opts,`,
    String.raw`        \}\);`,
    String.raw`        Object\.setPrototypeOf\(this, \k<name>\.prototype\);`,
    String.raw`(?<taken>(?:        this\.\w+ = opts\.\w+;`,
    String.raw`)*)    \}`,
    String.raw`\}$`,
  ].join('\n'),
  'gm',
);

/** The same class, but for the name of the function; exceptions are distinguished by `name`. */
const maker = `
function exceptionClass(name, namespace, $fault, fields = []) {
  const made = class extends __BaseException {
    name = name;
    $fault = $fault;
    constructor(opts) {
      super({ name, $fault, ...opts });
      Object.setPrototypeOf(this, made.prototype);
      for (const field of fields) this[field] = opts[field];
    }
  };
  if (namespace) made.shapeId = namespace + '#' + name;
  return made;
}
`;

/** @param text a module of exceptions, each a class of its own. */
export function withErrorsMade(text: string): string {
  const made = text.replace(exception, (whole, ...rest) => {
    const {
      name,
      namespace,
      fault,
      fields = '',
      taken = '',
    }: Record<string, string | undefined> = rest.at(-1);
    const names = fields.match(/\w+/g) ?? [];
    const assignments = names.map((field) => `        this.${field} = opts.${field};\n`).join('');
    if (assignments !== taken) return whole;
    const values = [name, namespace ?? null, fault, ...(names.length === 0 ? [] : [names])];
    return `export const ${name} = exceptionClass(${values.map((value) => JSON.stringify(value)).join(', ')});`;
  });
  return made === text ? text : `${made}${maker}`;
}
