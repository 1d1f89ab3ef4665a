/** The parameters as serverless.yml has them, for whoever makes a stack without osls: documents and tests. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { at, isObject } from '../lib/core/json.ts';

const root = path.join(import.meta.dirname, '..');

/** For the stage `dev`; the policy is the one that ships, by its whole path. */
export function defaultParameters(): Readonly<Record<string, unknown>> {
  const params = at(parse(readFileSync(path.join(root, 'serverless.yml'), 'utf8')), 'params', 'default');
  if (!isObject(params)) throw new TypeError('serverless.yml has no params.default');
  return { stage: 'dev', ...params, policy: path.join(root, String(params['policy'])) };
}
