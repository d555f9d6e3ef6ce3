import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { LabState } from '../config/lab-state.ts';
import { Fault } from '../core/errors.ts';

export interface Order {
  /** Below `/lab/admin/`. */
  readonly path: string;
  readonly body?: unknown;
  readonly method: 'POST' | 'DELETE';
}

/**
 * Changes something of the lab's tenant, as its administrator.
 * @throws Fault `not-seeded` with the tenant's own words when it does not take the change
 */
export async function administer(
  lab: LabState,
  { path, body, method }: Order,
  signal: AbortSignal,
): Promise<void> {
  const token = readFileSync(lab.admin.tokenFile, 'utf8').trim();
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const call = request(
      `${lab.admin.url}${path}`,
      { method, ca: readFileSync(lab.caFile), headers: { authorization: `Bearer ${token}` }, signal },
      (answer) => {
        let said = '';
        answer.setEncoding('utf8').on('data', (more: string) => (said += more));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: said }));
      },
    );
    call.on('error', reject);
    call.end(body === undefined ? '' : JSON.stringify(body));
  });
  if (status === 200) return;
  throw new Fault(
    `Could not seed: the tenant answered ${method} ${path} with ${status}: ${text.slice(0, 400)}`,
    {
      code: 'not-seeded',
      blame: 'harness',
      remedy: 'Correct the fault by the list in docs/lab.md.',
    },
  );
}
