import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ReadProgress, readArchive, readDocument } from '../../lib/trail/archive.ts';

const wanted = [{ eventSource: 'ec2.amazonaws.com', eventNames: ['RunInstances'] }];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trailseal-archive-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const hit = (id: string): string =>
  `{"eventID":"${id}","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","requestParameters":{"a":"é"}}`;
const miss = '{"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances"}';

/** What was found, short enough to compare. */
async function read(...paths: string[]) {
  const archive = await readArchive(paths, { wanted, threads: 1 });
  expect(archive.records).toBe(archive.uninteresting + archive.events.length + archive.rejected);
  const { records, uninteresting, rejected, files } = archive;
  return {
    counts: { records, uninteresting, rejected, files },
    ids: archive.events.map(({ event }) => event.id),
    lines: archive.events.map(({ line }) => line),
    errors: archive.inputErrors.map(({ file, line, reason }) => ({ file: short(file), line, reason })),
    skipped: archive.skipped.map(({ file, why }) => ({ file: short(file), why })),
  };
}
const short = (path: string): string => path.replace(`${folder}/`, '');

describe('shapes of files', () => {
  it.each([
    ['as CloudTrail delivers it', `{"Records":[${hit('1')},${miss},${hit('2')}]}`],
    ['with other keys around', `{"a":{"Records":[1]},"Records":[${hit('1')},${miss},${hit('2')}],"b":[]}`],
    ['an array', `[${hit('1')},${miss},${hit('2')}]`],
    ['an array of archives', `[{"Records":[${hit('1')}]},{"Records":[${miss},${hit('2')}]}]`],
    ['one record a line', `${hit('1')}\n${miss}\r\n\n${hit('2')}\n`],
    ['lines that hold archives', `{"Records":[${hit('1')},${miss}]}\n{"Records":[${hit('2')}]}`],
    ['documents one after the other', `${hit('1')}${miss} ${hit('2')}`],
    [
      'pretty-printed documents',
      [hit('1'), miss, hit('2')].map((one) => JSON.stringify(JSON.parse(one), null, 2)).join('\n'),
    ],
    [
      'EventBridge envelopes',
      [hit('1'), miss, hit('2')].map((one) => `{"detail-type":"x","detail":${one}}`).join('\n'),
    ],
    [
      'SQS records',
      `{"Records":[${[hit('1'), miss, hit('2')].map((one) => `{"eventSource":"aws:sqs","body":${JSON.stringify(one)}}`).join(',')}]}`,
    ],
    ['a byte order mark', `\ufeff{"Records":[${hit('1')},${miss},${hit('2')}]}`],
    ['"Records" with escapes', `{"Rec\\u006frds":[${hit('1')},${miss},${hit('2')}]}`],
    [
      '"Records" twice, of which the last holds',
      `{"Records":[${hit('0')}],"Records":[${hit('1')},${miss},${hit('2')}]}`,
    ],
  ])('reads %s', async (_, content) => {
    for (const stored of [content, gzipSync(content)]) {
      const { counts, ids, errors } = await read(put('file', stored));
      expect({ counts, ids, errors }).toEqual({
        counts: { records: 3, uninteresting: 1, rejected: 0, files: 1 },
        ids: ['1', '2'],
        errors: [],
      });
    }
  });

  it('reports the line on which each record starts', async () => {
    const { lines } = await read(
      put('a.json', `{"Records":[\n${hit('1')},\n${miss},\n${hit('2')}]}\n${hit('3')}`),
    );
    expect(lines).toEqual([2, 4, 5]);
  });

  it('goes by the parsed record, whatever its bytes look like', async () => {
    const records = [
      '{"eventSource":"ec2.amazonaws.com","event\\u004eame":"RunInstances"}',
      '{"eventName":"DescribeInstances","eventSource":"ec2.amazonaws.com","eventName":"RunInstances"}',
      '{"eventName":"RunInstances","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances"}',
      '{"a":{"eventName":"RunInstances"},"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances"}',
      '{"eventSource":"ec2.amazonaws.com","eventName":"Run\\u0049nstances"}',
    ];
    const { counts, lines } = await read(put('a.jsonl', records.join('\n')));
    expect({ counts, lines }).toEqual({
      counts: { records: 5, uninteresting: 2, rejected: 0, files: 1 },
      lines: [1, 2, 5],
    });
  });

  it('keeps a key called __proto__ as data', async () => {
    const text = `{"__proto__":{"x":1},${hit('1').slice(1)}`;
    const { events } = await readArchive([put('a.json', text)], { wanted, threads: 1 });
    expect(Object.hasOwn(events[0]?.event.raw ?? {}, '__proto__')).toBe(true);
  });
});

describe('bad input', () => {
  const reasons = async (...paths: string[]): Promise<string[]> =>
    (await read(...paths)).errors.map(
      ({ file, line, reason }) => `${file}${line === undefined ? '' : `:${line}`} ${reason}`,
    );

  it.each([
    ['an empty file', '', 'bad an empty file'],
    ['an empty gzip', gzipSync(''), 'bad an empty file'],
    ['white space only', ' \n\n', 'bad nothing but white space'],
    ['text', 'Dear reader,\nthis is no archive.', 'bad:1 not JSON at byte 1; no record could be read'],
    [
      'a zip file',
      'PK\u0003\u0004abc',
      'bad:1 not JSON: a zip file; unpack it first; no record could be read',
    ],
    ['JSON that stops', '{"Records":[', 'bad:1 the JSON ends too early; no record could be read'],
    [
      'an object that is no archive',
      '{"name":"x"}',
      'bad:1 no archive ("Records"), and not a CloudTrail record: eventSource, eventName missing or not a string',
    ],
  ])('names %s', async (_, content, reason) => {
    expect(await reasons(put('bad', content))).toEqual([reason]);
  });

  it('names a path that is not there', async () => {
    expect(await reasons(join(folder, 'gone.json'))).toEqual(['gone.json there is no such file or folder']);
  });

  it('names a folder with nothing to read', async () => {
    put('sub/notes.txt', 'x');
    expect((await reasons(join(folder, 'sub')))[0]).toMatch(/^sub a folder with nothing to read/);
  });

  it.skipIf(process.platform !== 'linux')('names a folder that was removed while it was open', async () => {
    const gone = join(folder, 'gone');
    mkdirSync(gone);
    const descriptor = openSync(gone, 'r');
    rmdirSync(gone);
    try {
      const path = `/proc/self/fd/${descriptor}`;
      put('a.json', hit('1'));
      const { ids, errors } = await read(path, join(folder, 'a.json'));
      expect({ ids, errors }).toEqual({
        ids: ['1'],
        errors: [{ file: path, line: undefined, reason: 'there is no such file or folder' }],
      });
    } finally {
      closeSync(descriptor);
    }
  });

  it.skipIf(process.getuid?.() === 0)('names a file that may not be read', async () => {
    const path = put('secret.json', '{}');
    chmodSync(path, 0);
    expect(await reasons(path)).toEqual(['secret.json could not be read: permission denied']);
  });

  it('reads the records before the breakage of an archive', async () => {
    const { counts, errors } = await read(
      put('a.json', `{"Records":[${hit('1')},\n${miss},\n{"eventName":oops}]}`),
    );
    expect({ counts, errors }).toEqual({
      counts: { records: 2, uninteresting: 1, rejected: 0, files: 1 },
      errors: [
        {
          file: 'a.json',
          line: 3,
          reason: expect.stringMatching(
            /^broken JSON at byte 204: .*, after record 2; the records before it were read$/,
          ),
        },
      ],
    });
  });

  it('reads what comes before the end of a truncated gzip, and names that alone', async () => {
    const stored = gzipSync(
      `{"Records":[${Array.from({ length: 2000 }, (_, n) => hit(String(n * 7919))).join(',')}]}`,
    );
    const { counts, errors } = await read(put('a.json.gz', stored.subarray(0, stored.length >> 1)));
    expect(counts.records).toBeGreaterThan(100);
    expect(errors).toEqual([
      {
        file: 'a.json.gz',
        line: undefined,
        reason: `truncated gzip: the end of the file is missing, after record ${counts.records}; the records before it were read`,
      },
    ]);
  });

  it('passes over a broken line in a file of lines, as one rejected record', async () => {
    const lines = [
      hit('1'),
      '{"eventSource":"ec2.amazonaws.com","eventNa',
      hit('2'),
      'oops',
      '{"a":[1,',
      hit('3'),
    ];
    const { counts, ids, errors } = await read(put('a.jsonl', lines.join('\n')));
    expect({ counts, ids, lines: errors.map(({ line }) => line) }).toEqual({
      counts: { records: 6, uninteresting: 0, rejected: 3, files: 1 },
      ids: ['1', '2', '3'],
      lines: [2, 4, 5],
    });
  });

  it('rejects elements that are no records, each with its line', async () => {
    const elements = [
      'null',
      '17',
      '"x"',
      '[1]',
      '{}',
      '{"eventName":"RunInstances"}',
      '{"eventSource":1,"eventName":"x"}',
    ];
    const { counts, errors } = await read(put('a.json', `{"Records":[\n${elements.join(',\n')},\n${miss}]}`));
    expect(counts).toEqual({ records: 8, uninteresting: 1, rejected: 7, files: 1 });
    expect(errors.map(({ line, reason }) => `${line} ${reason}`)).toEqual([
      '2 not a CloudTrail record: null',
      '3 not a CloudTrail record: a number',
      '4 not a CloudTrail record: a string',
      '5 not a CloudTrail record: an array',
      '6 not a CloudTrail record: eventSource, eventName missing or not a string',
      '7 not a CloudTrail record: eventSource missing or not a string',
      '8 not a CloudTrail record: eventSource missing or not a string',
    ]);
  });

  it('counts all rejected elements of a file, but lists the first thousand only', async () => {
    const { counts, errors } = await read(
      put('a.json', `[${Array.from({ length: 2500 }, () => '1').join(',')}]`),
    );
    expect(counts.rejected).toBe(2500);
    expect(errors).toHaveLength(1001);
    expect(errors.at(-1)?.reason).toBe('1500 more elements of this file are not CloudTrail records');
  });

  it('rejects a wanted record that is nested too deeply, and counts one that nobody wants', async () => {
    const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
    const records = [`{"a":${deep},${hit('1').slice(1)}`, `{"a":${deep},${miss.slice(1)}`];
    const { counts, errors } = await read(put('a.json', `[${records.join(',')}]`));
    expect(counts).toEqual({ records: 2, uninteresting: 1, rejected: 1, files: 1 });
    expect(errors[0]?.reason).toBe('nested more than 1000 levels deep');
  });
});

describe('which files', () => {
  it('walks folders by extension, in the order of paths, and says what it left out', async () => {
    put('t/b/2.json.gz', gzipSync(`{"Records":[${hit('b2')}]}`));
    put('t/a/1.ndjson', hit('a1'));
    put('t/a/3.JSON', hit('a3'));
    put('t/notes.txt', 'x');
    const { ids, errors, skipped } = await read(join(folder, 't'));
    expect({ ids, errors }).toEqual({ ids: ['a1', 'a3', 'b2'], errors: [] });
    expect(skipped.map(({ file }) => file)).toEqual(['t/notes.txt']);
  });

  it('reads a named file whatever its extension', async () => {
    expect((await read(put('export.txt', hit('1')))).ids).toEqual(['1']);
  });

  it('reads a file once, however often the paths lead to it', async () => {
    const path = put('t/1.json', hit('1'));
    symlinkSync(path, join(folder, 't', '2.json'));
    expect((await read(join(folder, 't'), path, `${folder}/t/../t`)).counts.records).toBe(1);
  });

  it('is not caught in a loop of links', async () => {
    put('t/sub/1.json', hit('1'));
    symlinkSync(join(folder, 't'), join(folder, 't', 'sub', 'up'));
    const { ids, errors } = await read(join(folder, 't'));
    expect({ ids, errors }).toEqual({ ids: ['1'], errors: [] });
  });

  it('walks a mesh of links once', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `d${n}`);
    for (const name of names) put(`t/${name}/1.json`, hit(name));
    for (const from of names) {
      for (const to of names) symlinkSync(join(folder, 't', to), join(folder, 't', from, `to-${to}`));
    }
    const { ids, errors } = await read(join(folder, 't'));
    expect({ ids: ids.toSorted(), errors }).toEqual({ ids: names.toSorted(), errors: [] });
  });

  it('does not leave a folder by a link, and says so', async () => {
    put('elsewhere/1.json', hit('1'));
    put('t/2.json', hit('2'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 't', 'folder'));
    symlinkSync(join(folder, 'elsewhere', '1.json'), join(folder, 't', 'file.json'));
    const { ids, skipped } = await read(join(folder, 't'));
    expect({ ids, skipped: skipped.map(({ file, why }) => [file, /leads out of/.test(why)]) }).toEqual({
      ids: ['2'],
      skipped: [
        ['t/file.json', true],
        ['t/folder', true],
      ],
    });
  });

  it('follows a link from one named folder to another, and a link that is named', async () => {
    put('a/1.json', hit('1'));
    put('b/2.json', hit('2'));
    symlinkSync(join(folder, 'b'), join(folder, 'a', 'b'));
    symlinkSync(join(folder, 'a'), join(folder, 'named'));
    expect((await read(join(folder, 'a'), join(folder, 'b'))).ids).toEqual(['1', '2']);
    expect((await read(join(folder, 'named'))).ids).toEqual(['1']);
  });

  it('passes over digest files, by their folder or by what they are', async () => {
    put('t/CloudTrail/1.json', hit('1'));
    put('t/CloudTrail-Digest/2.json', '{}');
    put('t/3.json', '{"digestS3Bucket":"b","digestS3Object":"o","logFiles":[]}');
    const { counts, errors, skipped } = await read(join(folder, 't'));
    expect({ counts, errors, skipped: skipped.map(({ file }) => file) }).toEqual({
      counts: { records: 1, uninteresting: 0, rejected: 0, files: 2 },
      errors: [],
      skipped: ['t/CloudTrail-Digest/2.json', 't/3.json'],
    });
  });
});

describe('threads', () => {
  beforeEach(() => {
    for (let n = 0; n < 30; n++) {
      const records = Array.from({ length: 50 * (n + 1) }, (_, k) =>
        k % 10 === 0 ? hit(`${n}-${k}`) : miss,
      );
      const text = `{"Records":[${records.join(',\n')}${n % 7 === 0 ? ',oops' : ''}]}`;
      put(`t/${n}.json.gz`, n % 5 === 0 ? gzipSync(text).subarray(0, -40) : gzipSync(text));
    }
  });

  it('changes nothing about the result', async () => {
    const one = await readArchive([join(folder, 't')], { wanted, threads: 1 });
    const three = await readArchive([join(folder, 't')], { wanted, threads: 3 });
    expect(one.events.length).toBeGreaterThan(1000);
    expect(three).toEqual(one);
  });

  it('reports its progress until all is done', async () => {
    const told: ReadProgress[] = [];
    const onProgress = (progress: ReadProgress): void => {
      told.push(progress);
    };
    const { records } = await readArchive([join(folder, 't')], { wanted, threads: 2, onProgress });
    expect(told.map(({ filesDone }) => filesDone)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    expect(told.at(-1)).toMatchObject({ files: 30, records, bytesDone: told[0]?.bytes });
  });

  it('stops when aborted, with the reason given', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const onProgress = (): void => abort.abort(reason);
    const reading = readArchive([join(folder, 't')], {
      wanted,
      threads: 2,
      onProgress,
      signal: abort.signal,
    });
    await expect(reading).rejects.toBe(reason);
  });
});

describe('readDocument', () => {
  it('gives every record, and names what is none', () => {
    const { elements, inputErrors } = readDocument(
      Buffer.from(`{"Records":[${hit('1')},${miss},\n7]}`),
      'stdin',
    );
    expect(elements).toEqual([JSON.parse(hit('1')), JSON.parse(miss)]);
    expect(inputErrors).toEqual([{ file: 'stdin', line: 2, reason: 'not a CloudTrail record: a number' }]);
  });
});
