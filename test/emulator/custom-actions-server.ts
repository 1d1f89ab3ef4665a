/**
 * Security Hub's custom actions, which moto lacks: a server that stores them as Security Hub does, with pages of three,
 * and that answers whether it is on.
 * Source: AWS Security Hub API Reference, "CreateActionTarget", "DescribeActionTargets", "UpdateActionTarget",
 * "DeleteActionTarget", "DescribeHub".
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as z from 'zod/mini';

export interface StoredCustomAction {
  readonly ActionTargetArn: string;
  readonly Name: string;
  readonly Description: string;
}

export interface CustomActionsServer {
  readonly endpoint: string;
  /** The stored custom actions, by ARN; tests may add others. */
  readonly kept: Map<string, StoredCustomAction>;
  /** The write calls in their order, as IAM names them. */
  readonly writes: string[];
  /** Whether Security Hub is on; where it is off, every call fails. */
  on: boolean;
  stop(): Promise<void>;
}

const page = 3;
const requestSchema = z.object({
  Id: z.optional(z.string()),
  Name: z.optional(z.string()),
  Description: z.optional(z.string()),
  NextToken: z.optional(z.string()),
});

interface ServerAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

export async function startCustomActions(account: string, region: string): Promise<CustomActionsServer> {
  const kept = new Map<string, StoredCustomAction>();
  const writes: string[] = [];
  const state = { on: true };
  const refused = (status: number, error: string): ServerAnswer => ({
    status,
    error,
    body: { Message: error },
  });

  const answer = async (request: IncomingMessage): Promise<ServerAnswer> => {
    const parsed = requestSchema.parse(JSON.parse((await text(request)) || '{}'));
    const { Id = '', Name = '', Description = '', NextToken } = parsed;
    const path = decodeURIComponent(request.url ?? '').split('?')[0] ?? '';
    if (!state.on) return refused(401, 'InvalidAccessException');
    if (request.method === 'GET' && path === '/accounts') return { status: 200, body: { HubArn: 'hub' } };
    if (request.method === 'POST' && path === '/actionTargets/get') {
      const from = Number(NextToken ?? 0);
      const next = from + page < kept.size ? { NextToken: String(from + page) } : {};
      return { status: 200, body: { ActionTargets: [...kept.values()].slice(from, from + page), ...next } };
    }
    const own = `arn:aws:securityhub:${region}:${account}:action/custom/${Id}`;
    const arn = request.method === 'POST' ? own : path.replace('/actionTargets/', '');
    if (request.method === 'POST' && kept.has(arn)) return refused(409, 'ResourceConflictException');
    if (request.method !== 'POST' && !kept.has(arn)) return refused(404, 'ResourceNotFoundException');
    const verb = { POST: 'Create', PATCH: 'Update', DELETE: 'Delete' }[request.method ?? ''] ?? '';
    writes.push(`${verb}ActionTarget ${arn.split('/').at(-1)}`);
    if (request.method === 'DELETE') kept.delete(arn);
    else kept.set(arn, { ActionTargetArn: arn, Name, Description });
    return { status: 200, body: { ActionTargetArn: arn } };
  };

  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown) => refused(500, error instanceof Error ? error.message : String(error)))
      .then(({ status, body, error }) => {
        response.writeHead(status, {
          'content-type': 'application/json',
          ...(error === undefined ? {} : { 'x-amzn-errortype': error }),
        });
        response.end(JSON.stringify(body));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    kept,
    writes,
    get on() {
      return state.on;
    },
    set on(on) {
      state.on = on;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
