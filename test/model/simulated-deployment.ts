/**
 * A simulated deployment: fake keys that should be enabled, and all of remediation over them: the state table and its
 * transitions, the queue, which delivers in any order and more than once, grace periods, limits, the run history. Time
 * passes only when it is advanced.
 */
import { type ActionDeps, type AnyAction, defineAction } from '../../lib/core/action.ts';
import type { Facts } from '../../lib/core/control.ts';
import { type Unknown, unknownFact } from '../../lib/core/facts.ts';
import type { OperatorExemptions } from '../../lib/findings/state/exemptions.ts';
import { exemptionFor } from '../../lib/policy/decide/exemptions.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { exemptionFromNow, type OperatorExemption } from '../../lib/policy/operator-exemption.ts';
import type { ActionRequest } from '../../lib/remediation/action-request.ts';
import {
  type ActionRun,
  nameOfActionRun,
  type RunHistory,
} from '../../lib/remediation/actions/action-run.ts';
import { undo } from '../../lib/remediation/actions/undo.ts';
import { leaseFor, type RemediationDeps } from '../../lib/remediation/deps.ts';
import { transitionOf, transitionSource } from '../../lib/remediation/events/transition.ts';
import { handle } from '../../lib/remediation/handle.ts';
import { afterReset, countRun, type LimitState, noRuns } from '../../lib/remediation/limits.ts';
import {
  nextRunIn,
  onceMore,
  parseRemediation,
  type RemediationRequest,
  remediateBody,
  requestBody,
} from '../../lib/remediation/message.ts';
import { controls as kmsControls } from '../../lib/services/kms/controls/index.ts';
import { kmsKeyDisabled } from '../../lib/services/kms/controls/kms-key-disabled.ts';
import { MemoryStateTable } from '../findings/state/memory-state-table.ts';
import { keyState } from '../pipeline/live/evaluator-fixture.ts';
import { policyOf } from '../policy/fixtures.ts';
import { MemoryRunHistory } from '../remediation/actions/memory-run-history.ts';
import { accountRegion, depsWith, start } from '../remediation/actions/simulated-resource.ts';
import { MemoryGracePeriods } from '../remediation/memory-grace-periods.ts';
import { CrashingRun, Killed } from './crashing-run.ts';
import { FakeKey, type KeyWrite } from './fake-keys.ts';

export const graceInMinutes = 15;
export const limits = { perAccount: 2, total: 2 };
export const protectingTag = { name: 'guard', value: 'on' };

/** The policy without exemptions. */
const policyText = `version: 1
controls: { kms-key-disabled: { actions: [notify, fix:enable-key] } }
operators: { customActions: [fix:enable-key, undo, exempt] }
exemptionTags: { controls: all, maxDays: 365 }
guardrails:
  actionsPerHour: { fix: { perAccount: ${limits.perAccount}, total: ${limits.total} } }
  gracePeriod: { fix: ${graceInMinutes} minutes }
  protectedTags: { ${protectingTag.name}: [${protectingTag.value}] }
`;
const policy = policyOf(policyText, kmsControls);

/** The fake keys need no client. */
const {
  deps: { clients, memory },
} = depsWith();

/** A message in the queue. */
interface Pending {
  readonly body: string;
  /** It is not delivered earlier. */
  readonly from: number;
  /** Whether it was delivered already. */
  redelivered: boolean;
}

export class SimulatedDeployment {
  readonly keys: readonly FakeKey[];
  readonly writes: KeyWrite[] = [];
  readonly queue: Pending[] = [];
  readonly history = new MemoryRunHistory();
  readonly stateTable: MemoryStateTable;
  policy: Policy = policy;
  killSwitch: 'disengaged' | 'engaged' | 'unreadable' = 'disengaged';
  readonly workflow = new Map<string, 'SUPPRESSED' | 'unreadable'>();
  readonly exempted = new Map<string, OperatorExemption>();
  limits: LimitState = noRuns;
  resetAt = Number.NEGATIVE_INFINITY;
  /** Violations that the simulation itself has found, each a sentence. */
  readonly violations: string[] = [];
  readonly #deps: ActionDeps = {
    clients,
    memory,
    now: () => new Date(this.now),
    wait: async (milliseconds) => {
      this.now += milliseconds;
    },
  };
  now = start;
  /** The grace periods that were begun, and the waits for budget, each with its request and its end. */
  readonly #schedules = new Map<string, { readonly request: RemediationRequest; readonly due: number }>();
  readonly #gracePeriods = new MemoryGracePeriods();
  readonly #requests = new Map<string, ActionRequest>();
  readonly #check: (write: KeyWrite, deployment: SimulatedDeployment) => Promise<readonly string[]>;
  readonly #undoneBefore = new Map<string, ReadonlySet<string>>();
  #count = 0;

  /** @param check returns the invariants that a write violates, at the moment when it is made. */
  constructor(
    names: readonly string[],
    check: (write: KeyWrite, deployment: SimulatedDeployment) => Promise<readonly string[]>,
  ) {
    this.keys = names.map((name) => new FakeKey(name, this.now));
    this.stateTable = new MemoryStateTable({ now: () => this.now });
    this.#check = check;
  }

  /** Time passes; the grace periods that end by then put their messages into the queue. */
  async advance(milliseconds: number): Promise<void> {
    await this.#deps.wait(milliseconds);
    for (const [name, { request, due }] of this.#schedules) {
      if (due > this.now) continue;
      this.#schedules.delete(name);
      this.send(remediateBody(request));
    }
  }

  /** Evaluates a key, because of an event or a scheduled scan, and records the result. */
  async observe(key: FakeKey, by: 'event' | 'scan'): Promise<void> {
    const before = this.stateTable.entries.get(key.finding);
    const at = this.now;
    this.#count += 1;
    const id = `event-${this.#count}`;
    const cause = {
      id,
      eventName: by === 'event' ? 'DisableKey' : 'ScheduledScan',
      time: by === 'event' ? key.changedAt : at,
      actor: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ana', name: 'ana' },
    };
    const resource = { ...key.resource, tags: key.tags };
    const actor = { ...cause.actor, account: undefined, sourceIp: undefined, userAgent: undefined };
    const { verdict, evidence } = kmsKeyDisabled.evaluate(resource, { 'kms.keyState': this.#fact(key) }, {});
    const given = this.exempted.get(key.finding);
    const exemption = exemptionFor(this.policy, kmsKeyDisabled.id, resource, new Date(at), given);
    await this.stateTable.record([
      {
        control: kmsKeyDisabled,
        observation: {
          key: id,
          at,
          cause: { ...cause, actor },
          resource,
          result:
            key.value === 'deleted'
              ? { kind: 'deleted', because: 'The key was deleted.' }
              : {
                  kind: 'evaluated',
                  verdict,
                  evidence,
                  severity: 'HIGH',
                  plan: { actions: [], skipped: [] },
                  exemption,
                  details: undefined,
                },
        },
      },
    ]);
    const after = this.stateTable.entries.get(key.finding);
    const detail = after === undefined ? undefined : transitionOf(before, after);
    if (detail !== undefined) this.send({ source: transitionSource, detail });
  }

  /** A scheduled scan finds the finding open still. */
  remind({ finding }: FakeKey): void {
    const openedAt = this.stateTable.entries.get(finding)?.finding?.openedAt ?? null;
    this.send(remediateBody({ finding, openedAt, reminder: true, waited: false }));
  }

  /** An operator uses a custom action. */
  requestAction({ finding }: FakeKey, action: ActionRequest['action']): void {
    this.#count += 1;
    const at = new Date(this.now).toISOString();
    const id = `request-${this.#count}`;
    this.#requests.set(id, { id, finding, action, actor: 'ana', reason: 'It is needed.', at });
    this.send(requestBody(id));
  }

  /** An operator exempts a finding, or ends the exemption. */
  exempt({ finding }: FakeKey, exempts: boolean): void {
    const given = exemptionFromNow(
      finding,
      { owner: 'ana', reason: 'It may be disabled.' },
      new Date(this.now),
    );
    const lifted = exempts ? null : { by: 'ana', at: given.givenAt };
    this.exempted.set(finding, { ...given, lifted });
  }

  /** The policy file is replaced by one that exempts these, each until the end of a day. */
  exemptByPolicy(exempt: ReadonlyMap<FakeKey, string>): void {
    const exemptions = [...exempt].map(
      ([{ resource }, expires]) =>
        `  - { resources: ['${resource.arn}'], reason: it may be disabled, owner: ana, expires: ${expires} }`,
    );
    const text =
      exemptions.length === 0 ? policyText : `${policyText}exemptions:\n${exemptions.join('\n')}\n`;
    this.policy = policyOf(text, kmsControls);
  }

  resetBreaker(): void {
    this.limits = afterReset({ at: this.now, actor: 'ana', reason: 'It was checked.' });
    this.resetAt = this.now;
  }

  send(body: unknown, after = 0): void {
    this.queue.push({ body: JSON.stringify(body), from: this.now + after, redelivered: false });
  }

  /**
   * Delivers one of the messages that are due, and has remediation handle it.
   * @param nth which of them. @param keep whether it will come once more. @param run how long it lives.
   */
  async deliver(nth: number, keep: boolean, run = new CrashingRun()): Promise<void> {
    const ready = this.queue.filter(({ from }) => from <= this.now);
    const message = ready[nth % Math.max(1, ready.length)];
    if (message === undefined) return;
    const { body, redelivered } = message;
    message.redelivered = true;
    const parsed = parseRemediation(body);
    if (parsed.kind === 'malformed') {
      this.violations.push(`a message of the deployment itself is malformed: ${parsed.reason}`);
      return;
    }
    const handledBefore = redelivered || parsed.attempt > 1;
    const deps = { ...this.#depsOf(run, await this.#begin()), redelivered, handledBefore };
    try {
      const named =
        parsed.kind === 'requested-action'
          ? { kind: parsed.kind, request: this.#requestOf(parsed.id) }
          : parsed;
      const handled = await handle(deps, named);
      const again = handled.some(({ remediation }) => remediation.again);
      const index = this.queue.indexOf(message);
      if (!keep && index >= 0) this.queue.splice(index, 1);
      const delay = again ? nextRunIn(parsed.attempt) : undefined;
      if (delay !== undefined)
        this.send(onceMore(JSON.parse(body), { attempt: parsed.attempt + 1 }), delay * 1_000);
    } catch (error) {
      // The queue delivers it again. A run that was killed can't give up its leases either.
      const first = error instanceof AggregateError ? error.cause : error;
      if (!(first instanceof Killed))
        this.violations.push(`it threw: ${error instanceof Error ? error.stack : error}`);
    }
  }

  #requestOf(id: string): ActionRequest {
    const request = this.#requests.get(id);
    if (request === undefined) throw new Error(`nobody requested ${id}`);
    return request;
  }

  /** `trailseal undo`, of the newest action run. */
  async undo({ finding }: FakeKey, run = new CrashingRun()) {
    const actionRun = await this.history.latest(finding, 'fix:enable-key');
    if (actionRun === undefined) return undefined;
    const name = await this.#begin();
    try {
      return await undo(this.#action(run, name), actionRun, {
        history: this.#historyOf(run),
        deps: this.#deps,
        accountRegion,
        run: name,
        decision: { actor: 'operator', name: 'ana', reason: 'It was wrong.' },
        admit: async () =>
          this.killSwitch === 'disengaged'
            ? { admitted: true }
            : { admitted: false, because: 'The kill switch is engaged.' },
        leaseFor,
      });
    } catch (error) {
      if (!(error instanceof Killed))
        this.violations.push(`the undo threw: ${error instanceof Error ? error.stack : error}`);
      return undefined;
    }
  }

  /**
   * Whether somebody has changed by hand what Trailseal had done. To do that anew and to undo it are two action runs then,
   * and nothing keeps two action runs from being worked on at the same moment: the result is that of one or the other.
   */
  async isAmbiguous(): Promise<boolean> {
    const changed = this.keys.filter(({ value }) => value !== 'enabled');
    return (await Promise.all(changed.map((key) => this.latest(key)))).some(
      (actionRun) => actionRun?.status === 'done',
    );
  }

  latest({ finding }: FakeKey): Promise<ActionRun | undefined> {
    return this.history.latest(finding, 'fix:enable-key');
  }

  /** The action run that a run works on. */
  async leasedBy({ finding }: FakeKey, run: string): Promise<ActionRun | undefined> {
    return (await this.history.of(finding)).findLast(({ lease }) => lease?.owner === run);
  }

  /** @returns the name of a new run. */
  async #begin(): Promise<string> {
    this.#count += 1;
    const run = `run-${this.#count}`;
    const actionRuns = (await Promise.all(this.keys.map(({ finding }) => this.history.of(finding)))).flat();
    this.#undoneBefore.set(
      run,
      new Set(actionRuns.filter(({ status }) => status === 'undone').map(nameOfActionRun)),
    );
    return run;
  }

  #fact({ value, readable }: FakeKey): Facts['kms.keyState'] {
    if (value === 'deleted') return unknownFact('deleted', 'kms:DescribeKey does not find it');
    if (!readable) return unknownFact('denied', 'kms:DescribeKey was denied');
    const fact = keyState(value === 'enabled' ? 'Enabled' : 'Disabled')['kms.keyState'];
    if (fact === undefined) throw new TypeError('there is no such fact');
    return fact;
  }

  #keyOf({ id }: { readonly id: string }): FakeKey {
    const found = this.keys.find(({ resource }) => resource.id === id);
    if (found === undefined) throw new TypeError(`there is no key ${id}`);
    return found;
  }

  /** The action of the key that it is called for, as one run carries it out; its writes are checked. */
  #action(run: CrashingRun, name: string): AnyAction {
    const [{ action } = new FakeKey('none', 0)] = this.keys;
    const { undo: restoring } = action;
    if (restoring.kind !== 'restores') throw new TypeError('a key can be disabled');
    type Params<Name extends 'prepare' | 'apply' | 'check'> = Parameters<(typeof action)[Name]>;
    const undoOf = ({ resource }: Params<'apply'>[0]) => {
      const own = this.#keyOf(resource).action.undo;
      if (own.kind !== 'restores') throw new TypeError('a key can be disabled');
      return own;
    };
    return defineAction({
      ...action,
      prepare: run.wrap((...args: Params<'prepare'>) =>
        this.#keyOf(args[0].resource).action.prepare(...args),
      ),
      apply: run.wrap((...args: Params<'apply'>) =>
        this.#checked(this.#keyOf(args[0].resource), name, (key) => key.action.apply(...args)),
      ),
      check: run.wrap((...args: Params<'check'>) => this.#keyOf(args[0].resource).action.check(...args)),
      undo: {
        ...restoring,
        restore: run.wrap((...args: Params<'apply'>) =>
          this.#checked(this.#keyOf(args[0].resource), name, () => undoOf(args[0]).restore(...args)),
        ),
        restored: run.wrap((...args: Params<'apply'>) => undoOf(args[0]).restored(...args)),
      },
    });
  }

  async #checked(key: FakeKey, run: string, change: (key: FakeKey) => Promise<void>): Promise<void> {
    const from = key.value;
    await change(key);
    if (key.value === from) return;
    const actionRun = await this.leasedBy(key, run);
    const write: KeyWrite = {
      key,
      from,
      to: key.value,
      at: this.now,
      run,
      undoneBefore: this.#undoneBefore.get(run) ?? new Set(),
      actionRun: actionRun === undefined ? undefined : nameOfActionRun(actionRun),
    };
    key.changedAt = this.now;
    this.writes.push(write);
    this.violations.push(...(await this.#check(write, this)));
  }

  #historyOf(run: CrashingRun): RunHistory {
    const { history } = this;
    return {
      latest: run.wrap((...args) => history.latest(...args)),
      of: run.wrap((...args) => history.of(...args)),
      since: run.wrap((...args) => history.since(...args)),
      begin: run.wrap((...args) => history.begin(...args)),
      save: run.wrap((...args) => history.save(...args)),
    };
  }

  #depsOf(run: CrashingRun, name: string): RemediationDeps {
    const factsOf = (key: FakeKey): Partial<Facts> | Unknown => {
      const fact = this.#fact(key);
      return fact.known ? { 'kms.keyState': fact } : fact;
    };
    return {
      controls: kmsControls,
      actions: [this.#action(run, name)],
      policy: this.policy,
      accountRegion,
      facts: {
        readCurrent: run.wrap(async (requests) =>
          requests.map(({ resource, facts }) => {
            const key = this.#keyOf(resource);
            const answer = factsOf(key);
            const answers =
              'known' in answer ? Object.fromEntries(facts.map((fact) => [fact, answer])) : answer;
            return [{ resource: { ...resource, tags: key.tags }, facts: answers }];
          }),
        ),
      },
      stateTable: { read: run.wrap((ids) => this.stateTable.read(ids)) },
      exemptions: run.wrap(async (): Promise<OperatorExemptions> => this.exempted),
      history: this.#historyOf(run),
      limiter: {
        admit: run.wrap(async (kind, allowed, counted) => {
          const answer = countRun(this.limits, kind, allowed, counted, this.now);
          this.limits = answer.state;
          return answer;
        }),
        show: run.wrap(async () => ({ tag: noRuns, fix: this.limits, quarantine: noRuns })),
      },
      actionDeps: this.#deps,
      killSwitch: run.wrap(async () => ({ state: this.killSwitch })),
      workflow: run.wrap(async (finding) => ({ status: this.workflow.get(finding) ?? 'NEW' })),
      isOwn: () => false,
      gracePeriods: {
        read: run.wrap((...args) => this.#gracePeriods.read(...args)),
        begin: run.wrap((...args) => this.#gracePeriods.begin(...args)),
      },
      scheduleGracePeriodEnd: run.wrap(async (request, action, time) => {
        const schedule = `${request.finding} ${request.openedAt} ${action} ${time.getTime()}`;
        if (this.#schedules.has(schedule)) return 'was-scheduled';
        this.#schedules.set(schedule, { request, due: time.getTime() });
        return 'scheduled';
      }),
      scheduleNextTry: run.wrap(async (request, action, time) => {
        const schedule = `${request.finding} ${request.openedAt} ${action} ${time.toISOString()}`;
        this.#schedules.set(schedule, { request, due: time.getTime() });
      }),
      stage: 'dev',
      run: name,
    };
  }
}
