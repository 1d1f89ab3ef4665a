/**
 * Open findings as JUnit XML, as test reports of pipelines take it: a suite for each control, a failing case for each
 * failure. Source: the common subset that https://github.com/testmoapp/junitxml describes; a test reads it with a parser
 * that others use.
 */
import { create, type XMLElement } from 'xmlbuilder';
import type { Control } from '../../../lib/core/control.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import { printable } from '../printable.ts';
import { type RunOutput, resourceNameOf } from './run-output.ts';

interface Case {
  readonly name: string;
  readonly outcome?: {
    readonly kind: 'failure' | 'skipped' | 'error';
    readonly message: string;
    readonly type: string;
    readonly text: string;
  };
}

/**
 * An exempt failure and an unknown verdict are skipped cases: neither fails a build. A control without any has one case that
 * passes. What could not be read, and what was asked for and is not there, are errors in a suite of their own.
 */
export function junitOf({ replay, origin, controls }: RunOutput): string {
  const open = replay.findings.filter(({ status }) => status === 'OPEN');
  const suites = [
    ...controls.map((control) => ({ name: control.id, cases: casesOf(control, open, replay) })),
    { name: 'input', cases: inputCases(replay.inputErrors, origin.scopeErrors) },
  ];
  const all = suites.flatMap(({ cases }) => cases);
  const root = create('testsuites', { encoding: 'UTF-8' }).att({
    name: `trailseal ${origin.command}`,
    ...countsOf(all),
  });
  for (const { name, cases } of suites) {
    const suite = root.ele('testsuite', { name, timestamp: origin.generatedAt, ...countsOf(cases) });
    for (const one of cases) addCase(suite, name, one);
  }
  return `${root.end({ pretty: true })}\n`;
}

function addCase(suite: XMLElement, suiteName: string, { name, outcome }: Case): void {
  const element = suite.ele('testcase', {
    classname: `trailseal.${suiteName}`,
    name: printable(name),
    time: 0,
  });
  if (outcome === undefined) return;
  const { kind, message, type, text } = outcome;
  element.ele(kind, { message: printable(message), type }, text.split('\n').map(printable).join('\n'));
}

function casesOf(
  { id, remediation }: Control,
  open: readonly Finding[],
  { posture }: RunOutput['replay'],
): readonly Case[] {
  const own = open.filter(({ control }) => control === id);
  if (own.length === 0) return [{ name: `${posture[id]?.PASS ?? 0} resources pass, none fails` }];
  return own.map((finding) => {
    const { evidence, severity, verdict, exemption, actor, openedAt } = finding;
    const text = [
      `Required: ${evidence.required}`,
      `Opened: ${openedAt ?? 'unknown'}, by ${actor.name}`,
      `Remediation: ${evidence.command ?? remediation}`,
    ].join('\n');
    const exempt = exemption?.state === 'active';
    const kind = verdict === 'FAIL' && !exempt ? 'failure' : 'skipped';
    const message = exempt ? `exempt until ${exemption.expires}: ${exemption.reason}` : evidence.summary;
    const type = verdict === 'FAIL' ? severity : verdict;
    return { name: resourceNameOf(finding), outcome: { kind, message, type, text } };
  });
}

function inputCases(
  inputErrors: RunOutput['replay']['inputErrors'],
  scopeErrors: readonly string[],
): readonly Case[] {
  const error = (name: string, message: string): Case => ({
    name,
    outcome: { kind: 'error', message, type: 'incomplete', text: message },
  });
  const cases = [
    ...inputErrors.map(({ file, line, reason }) =>
      error(line === undefined ? file : `${file}:${line}`, reason),
    ),
    ...scopeErrors.map((reason, index) => error(`scope ${index + 1}`, reason)),
  ];
  return cases.length === 0 ? [{ name: 'all input was read' }] : cases;
}

function countsOf(cases: readonly Case[]): Readonly<Record<string, number>> {
  const count = (kind: string) => cases.filter(({ outcome }) => outcome?.kind === kind).length;
  return {
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: 0,
  };
}
