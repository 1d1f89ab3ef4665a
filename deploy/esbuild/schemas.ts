/**
 * The SDK's schemas, written so that esbuild can drop those that no call of a function uses. They are most of a
 * client: every shape of the service's model, reached from the operations by references (`() => Shape$`).
 */
import { replacing } from './replacing.ts';
import { ofAnyClient } from './sdk.ts';

/**
 * By package, shapes that are passed on as they are, whatever is in them. Security Hub's details of a resource
 * know a hundred types; none of their members is anything but plain JSON, so that sending them as a document (the
 * schema 15, `NormalizedSchema.isDocumentSchema`) sends the same. A test holds that of each such shape.
 */
export const documents: Readonly<Record<string, readonly string[]>> = {
  'client-securityhub': ['ResourceDetails$'],
};

const schemas = /[\\/]@aws-sdk[\\/](client-[^\\/]+)[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/;

export const leanSchemas = replacing('lean-schemas', [
  {
    requiredBy: ofAnyClient,
    modules: schemas,
    loader: 'js',
    replace: (text, path) =>
      withDocuments(withPlainKeys(text), documents[schemas.exec(path)?.[1] ?? ''] ?? []),
  },
]);

/**
 * Puts constants that serve as keys in their places: `{ [_xN]: … }` becomes `{ "xmlName": … }`, which is the same.
 * A computed key may call anything, so that esbuild keeps what has one, and all that it refers to.
 * @param text a module of schemas, whose constants are declared one a line: `const _xN = "xmlName";`
 */
export function withPlainKeys(text: string): string {
  const constants = new Map(
    [...text.matchAll(/^const (\w+) = ("[^"\\\n]*");$/gm)].map(([, name, value]) => [name, value]),
  );
  return text.replace(/\[(\w+)\](?=:)/g, (computed, name: string) => {
    const value = constants.get(name);
    // Written plainly, that key would not be a key: it sets the prototype.
    return value === undefined || value === '"__proto__"' ? computed : value;
  });
}

/**
 * Has each member of such a shape taken as a document.
 * @throws Error for a shape that no member has.
 */
export function withDocuments(text: string, shapes: readonly string[]): string {
  return shapes.reduce((all, shape) => {
    const replaced = all.replaceAll(`() => ${shape},`, '15,');
    if (replaced === all) throw new Error(`no member is of the shape ${shape}: see the list of documents`);
    return replaced;
  }, text);
}
