/**
 * Writes `data/instance-types.json`: which EC2 instance types encrypt traffic between instances.
 *
 * Source: the DescribeInstanceTypes answers that moto ships (PyPI package `moto`,
 * `moto/ec2/resources/instance_types.json.gz`, field NetworkInfo.EncryptionInTransitSupported).
 *
 * Usage: npm run generate:instance-types -- 5.2.5   (needs Python's pip, to fetch the wheel)
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod/mini';

const version = process.argv[2];
if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
  process.stderr.write('usage: npm run generate:instance-types -- MOTO_VERSION (such as 5.2.5)\n');
  process.exit(2);
}

const typesSchema = z.record(
  z.string(),
  z.looseObject({ NetworkInfo: z.looseObject({ EncryptionInTransitSupported: z.boolean() }) }),
);

const work = mkdtempSync(path.join(tmpdir(), 'instance-types-'));
try {
  execFileSync('python3', [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--dest',
    work,
    `moto==${version}`,
  ]);
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`pip downloaded no wheel of moto ${version}`);
  const member = 'moto/ec2/resources/instance_types.json.gz';
  execFileSync('python3', ['-m', 'zipfile', '-e', path.join(work, wheel), work]);
  const date = execFileSync('python3', [
    '-c',
    'import sys, zipfile; print("%04d-%02d-%02d" % zipfile.ZipFile(sys.argv[1]).getinfo(sys.argv[2]).date_time[:3])',
    path.join(work, wheel),
    member,
  ]);
  const types = typesSchema.parse(
    JSON.parse(gunzipSync(readFileSync(path.join(work, member))).toString('utf8')),
  );
  const names = Object.keys(types).sort();
  const supports = (name: string) => types[name]?.NetworkInfo.EncryptionInTransitSupported === true;
  const snapshot = {
    source: `PyPI moto ${version}, ${member}: DescribeInstanceTypes, NetworkInfo.EncryptionInTransitSupported`,
    date: date.toString('utf8').trim(),
    encrypts: names.filter(supports),
    doesNotEncrypt: names.filter((name) => !supports(name)),
  };
  const out = path.join(import.meta.dirname, '..', 'data', 'instance-types.json');
  writeFileSync(out, `${JSON.stringify(snapshot, null, 1)}\n`);
  process.stdout.write(
    `${names.length} types, ${snapshot.encrypts.length} encrypt; ${statSync(out).size} bytes\n`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
