/** Whatever Trailseal prints or documents as a command is one: the real parser takes it, as it is pasted. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '../../cli/program.ts';
import { compose } from '../../lib/notifications/compose.ts';
import { triggerOfAction } from '../../lib/notifications/trigger.ts';
import { actions } from '../../lib/remediation/actions/index.ts';
import { actionEventNote } from '../../lib/remediation/custom-actions/note-text.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { eventsOf } from '../notifications/happened.ts';

/** A line as a shell takes it apart, up to a comment, a pipe or a redirection. */
function words(line: string): readonly string[] {
  const all = [...line.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+/g)].map(
    ([word, one, two]) => one ?? two ?? word,
  );
  const end = all.findIndex((word) => ['#', '|', '>', '&&'].includes(word));
  return end === -1 ? all : all.slice(0, end);
}

/** The words after the name of the program; why the parser does not take them, `undefined` where it does. */
function refusalOf(line: string): string | undefined {
  const program = makeProgram({ signal: new AbortController().signal, end: () => undefined });
  program.configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  let rest = [...words(line)];
  let command: Command = program;
  while (command.commands.length > 0) {
    if (rest[0]?.startsWith('-')) return undefined;
    const next = command.commands.find((one) => one.name() === rest[0]);
    // The name of a group of commands, in a sentence about them.
    if (next === undefined) return rest.length === 0 ? undefined : `there is no command ${rest[0]}`;
    command = next;
    rest = rest.slice(1);
  }
  // The name alone, in a sentence about it.
  if (rest.length === 0) return undefined;
  try {
    const { operands, unknown } = command.parseOptions(rest);
    if (unknown.length > 0) return `${command.name()} does not take ${unknown.join(' ')}`;
    const taken = command.registeredArguments;
    const most = taken.some(({ variadic }) => variadic) ? Number.POSITIVE_INFINITY : taken.length;
    return operands.length > most ? `${command.name()} does not take ${operands.join(' ')}` : undefined;
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}

/** The commands in a document: in code, inline or in a block. */
function commandsIn(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    [...block.matchAll(/\btrailseal (?:-- )?([a-z-].*)$/gm)].map(([, command = '']) => command),
  );
  const inline = [
    ...text
      .replace(/^```\w*\n.*?^```/gms, '')
      .matchAll(/`(?:npm run (?:--silent |-s )?)?trailseal (?:-- )?([^`]+)`/g),
  ].map(([, command = '']) => command);
  // An ellipsis or a word in capitals stands for what the reader fills in.
  return [...blocks, ...inline].filter((command) => !/^…/.test(command));
}

const notices = actions.flatMap((action) =>
  eventsOf(action).flatMap(([what, event]) => {
    const trigger = triggerOfAction(event);
    const composed = compose(trigger === undefined ? [] : [trigger], () => undefined, 'prod');
    const text = [...composed.map((notice) => notice.text), actionEventNote(event)].join('\n');
    return [
      ...text.matchAll(/trailseal ((?:undo|kill-switch) .*?)(?:$| \w+ permissions| You need| It )/gm),
    ].map(([, command = '']) => [`${action.id} ${what}`, command.replace(/[.]$/, '')] as const);
  }),
);

describe('a command in a notice or a note', () => {
  it('is there', () => {
    expect(notices.length).toBeGreaterThan(actions.length);
  });

  it('is taken as it is pasted, and names its stage and Region', () => {
    const faults = notices.flatMap(([where, command]) => [
      ...(refusalOf(command) === undefined ? [] : [`${where}: ${command}: ${refusalOf(command)}`]),
      ...(/--stage prod --region eu-central-1/.test(command)
        ? []
        : [`${where}: ${command}: no stage or Region`]),
    ]);
    expect(faults).toEqual([]);
  });
});

const folders = ['.', 'docs', 'docs/controls'];
const documents = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`),
);

describe.each(documents)('the commands in %s', (document) => {
  it('are taken', () => {
    const faults = commandsIn(readFileSync(document, 'utf8')).flatMap((command) => {
      const refusal = refusalOf(command);
      return refusal === undefined ? [] : [`${command}: ${refusal}`];
    });
    expect(faults).toEqual([]);
  });

  it('name the stage and the Region of the deployment that they are about', () => {
    const faults = commandsIn(readFileSync(document, 'utf8')).filter((command) => {
      const isAbout = /^(undo|history|breaker|dlq|kill-switch|custom-actions|policy (show|push|clear)) /.test(
        command,
      );
      const hasMore = / -|[A-Z]{2}|remediate$| fix$/.test(command);
      return isAbout && hasMore && !(command.includes('--stage') && command.includes('--region'));
    });
    expect(faults).toEqual([]);
  });
});

/** In messages commands are in double quotes; what a message puts into one is of one word. */
const folderOfCode = ['lib', 'deploy', 'functions', 'cli'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('report/generated'))
    .map((name) => `${folder}/${name}`),
);

describe('a command in a message', () => {
  it('is taken', () => {
    const faults = folderOfCode.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/"trailseal ([^"\n]*)"/g)].flatMap(([, command = '']) => {
        const filled = command
          .replace(/\$\{kind\}/g, 'fix')
          .replace(/\$\{at\(stage\)\}/g, '--stage dev --region eu-central-1')
          .replace(/\$\{[^}]*\}/g, 'X');
        const refusal = refusalOf(filled);
        return refusal === undefined ? [] : [`${file}: ${command}: ${refusal}`];
      }),
    );
    expect(faults).toEqual([]);
  });

  it('is in no remediation of a control, which knows no deployment', () => {
    expect(controls.filter(({ remediation }) => remediation.includes('trailseal '))).toEqual([]);
  });
});
