/** A plugin of esbuild that should replace something fails the build where it does not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { leanErrors } from '../../deploy/esbuild/errors.ts';
import { plugins } from '../../deploy/esbuild/plugins.ts';
import { replacing } from '../../deploy/esbuild/replacing.ts';
import { leanSchemas, withDocuments } from '../../deploy/esbuild/schemas.ts';
import { list, text } from '../../lib/core/json.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-replacing-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Bundles a package of these files, whose entry is `entry.js`. @returns the bundle, or the errors. */
async function bundled(files: Readonly<Record<string, string>>, plugin: Plugin): Promise<string | string[]> {
  const root = mkdtempSync(path.join(folder, 'package-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  try {
    const { outputFiles } = await build({
      entryPoints: [path.join(root, 'entry.js')],
      bundle: true,
      write: false,
      format: 'esm',
      logLevel: 'silent',
      plugins: [plugin],
    });
    return outputFiles[0]?.text ?? '';
  } catch (error) {
    return list(error, 'errors').map((one) => text(one, 'text') ?? '');
  }
}

const greeting = replacing('greeting', [
  {
    requiredBy: /[\\/]polite\.js$/,
    modules: /[\\/]words\.js$/,
    loader: 'js',
    replace: (text) => text.replace('hello', 'good morning'),
    applies: (text) => !text.includes('nothing to say'),
  },
]);
const elsewhere = replacing('elsewhere', [
  {
    requiredBy: /[\\/]polite\.js$/,
    imports: /^\.\/words\.js$/,
    resolve: ({ resolveDir }) => ({ path: path.join(resolveDir, 'other.js') }),
  },
]);

describe('a plugin that replaces modules', () => {
  it('replaces them', async () => {
    const files = { 'entry.js': "import './words.js';", 'words.js': "console.log('hello');" };
    expect(await bundled(files, greeting)).toContain('good morning');
  });

  it('fails where a module does not hold what it replaces', async () => {
    const files = { 'entry.js': "import './words.js';", 'words.js': "console.log('bye');" };
    expect(await bundled(files, greeting)).toEqual([
      expect.stringMatching(/^greeting finds nothing to replace in .*words\.js\. See whether the package/),
    ]);
  });

  it('leaves alone a module to which it does not apply', async () => {
    const files = { 'entry.js': "import './words.js';", 'words.js': "console.log('nothing to say');" };
    expect(await bundled(files, greeting)).toContain('nothing to say');
  });

  it('fails where no module matches, and one is bundled that requires it', async () => {
    const files = { 'entry.js': "import './polite.js';", 'polite.js': "console.log('hello');" };
    expect(await bundled(files, greeting)).toEqual([
      expect.stringMatching(
        /^greeting: no module matches .*words\\\.js\$\/, though .*polite\.js is bundled\. See/,
      ),
    ]);
  });

  it('is content where no module matches, and none is bundled that requires it', async () => {
    expect(await bundled({ 'entry.js': "console.log('hello');" }, greeting)).toContain('hello');
  });
});

describe('a plugin that replaces imports', () => {
  it('replaces them', async () => {
    const files = {
      'entry.js': "import './polite.js';",
      'polite.js': "import './words.js';",
      'other.js': "console.log('other words');",
    };
    expect(await bundled(files, elsewhere)).toContain('other words');
  });

  it('fails where no import matches, and a module is bundled that requires it', async () => {
    const files = { 'entry.js': "import './polite.js';", 'polite.js': "console.log('hello');" };
    expect(await bundled(files, elsewhere)).toEqual([
      expect.stringMatching(
        /^elsewhere: no import matches .*words\\\.js\$\/, though .*polite\.js is bundled\. See/,
      ),
    ]);
  });
});

/** The modules of a client of the SDK that was written anew, with nothing in them that a plugin knows. */
const client = 'node_modules/@aws-sdk/client-sqs/dist-es';
const newClient = {
  'entry.js': `import './${client}/runtimeConfig.js';`,
  [`${client}/runtimeConfig.js`]: 'console.log(1);',
};

describe('the plugins of a deployment', () => {
  it('fail, each of those that the SDK concerns, for a client in which nothing matches', async () => {
    const failed = await Promise.all(
      plugins({ policyFile: 'trailseal.policy.yml' }).map(async (plugin) => {
        const result = await bundled(newClient, plugin);
        return typeof result === 'string' ? [] : [plugin.name];
      }),
    );
    expect(failed.flat()).toEqual([
      'lean-schemas',
      'lean-errors',
      'environment-only',
      'no-event-streams',
      'native-sha256',
      'package-versions',
    ]);
  });

  it.each([
    ['lean-errors', 'models/errors.js', leanErrors],
    ['lean-schemas', 'schemas/schemas_0.js', leanSchemas],
  ])('%s fails where %s is written in another way', async (name, module, plugin) => {
    const files = {
      'entry.js': `import './${client}/${module}';`,
      [`${client}/${module}`]: 'console.log(1);',
    };
    expect(await bundled(files, plugin)).toEqual([
      expect.stringContaining(`${name} finds nothing to replace in`),
    ]);
  });

  it('name a shape that is to be a document and that no member has', () => {
    expect(() => withDocuments('[() => Other$, 0]', ['Details$'])).toThrow(
      'no member is of the shape Details$',
    );
  });
});
