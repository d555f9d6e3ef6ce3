import { expect } from '@playwright/test';
import { Deadline, timedOut } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import type { MailMessage } from '../../directory/directory.ts';
import { mailboxSource, type TenantMail } from './mailbox.ts';

const ANNA = 'anna@contoso.example';
const MAILBOX = 'codes@mail.example';

const mail = (
  id: string,
  code: string,
  { upn = ANNA, ageMs = 0, sentAgeMs = ageMs }: { upn?: string; ageMs?: number; sentAgeMs?: number } = {},
): MailMessage => ({
  id,
  receivedAt: new Date(Date.now() - ageMs).toISOString(),
  sentAt: new Date(Date.now() - sentAgeMs).toISOString(),
  from: 'msonlineservicesteam@microsoftonline.com',
  subject: 'Your Contoso account email verification code',
  text: `Thanks for verifying your ${upn} account!\r\nYour code is: ${code}`,
});

/** What the tenant answers to one question for messages after the other; the last answer stays. */
function tenantOf(...answers: (readonly MailMessage[] | Fault)[]) {
  const asked: { mailbox: string; since: string }[] = [];
  const tenant: TenantMail = {
    messages(mailbox, since) {
      const answer = answers[Math.min(asked.length, answers.length - 1)] ?? [];
      asked.push({ mailbox, since });
      return answer instanceof Fault ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  return { tenant, asked };
}

const throttled = new Fault('The tenant asks us to slow down', {
  code: 'tenant-throttled',
  blame: 'tenant',
  retryable: true,
  remedy: 'Wait.',
});

describe('mailboxSource', () => {
  const soon = () => Deadline.in(8000, 'waiting for the code');

  it('takes the code that comes after the watch began, not an older one', async () => {
    const old = mail('old', '31000001');
    const { tenant, asked } = tenantOf([old], [mail('new', '31000002'), old]);
    const watch = await mailboxSource(tenant, MAILBOX, ANNA).watch(soon());
    expect((await watch.next(soon())).reveal()).toBe('31000002');
    expect(new Set(asked.map(({ mailbox }) => mailbox))).toEqual(new Set([MAILBOX]));
    await watch.close();
  });

  it('leaves the codes of another user in the same mailbox, and says so', async () => {
    const { tenant } = tenantOf([], [mail('1', '31000003', { upn: 'bert@contoso.example' })]);
    const watch = await mailboxSource(tenant, MAILBOX, ANNA).watch(soon());
    await expect(watch.next(Deadline.in(50, 'waiting'))).rejects.toMatchObject({
      code: 'code-not-received',
      blame: 'tenant',
      message: `No verification code arrived in the mailbox ${MAILBOX} within 0 s (new messages: 1 for another user)`,
    });
  });

  it("goes by the tenant's clock where it can be asked", async () => {
    // The tenant is an hour behind: its messages of now are dated before our now, those of before even earlier.
    const hourMs = 3_600_000;
    const { tenant, asked } = tenantOf(
      [],
      [mail('late', '31000004', { ageMs: hourMs + 60_000 }), mail('new', '31000005', { ageMs: hourMs })],
    );
    const clock = () => Promise.resolve({ aheadSeconds: -3600, uncertainSeconds: 1 });
    const watch = await mailboxSource({ ...tenant, clock }, MAILBOX, ANNA).watch(soon());
    expect((await watch.next(soon())).reveal()).toBe('31000005');
    const sinceMs = Date.now() - Date.parse(asked[0]?.since ?? '');
    expect(Math.round(sinceMs / 60_000)).toBe(61);
  });

  for (const aheadSeconds of [300, -300]) {
    it(`leaves the delayed mail of an earlier attempt, with a clock ${aheadSeconds} s ahead`, async () => {
      const ageMs = -aheadSeconds * 1000;
      const late = mail('late', '31000010', { ageMs, sentAgeMs: ageMs + 120_000 });
      const code = String(31_000_020 + aheadSeconds);
      const { tenant } = tenantOf([], [late], [mail('new', code, { ageMs }), late]);
      const clock = () => Promise.resolve({ aheadSeconds, uncertainSeconds: 0.2 });
      const watch = await mailboxSource({ ...tenant, clock }, MAILBOX, ANNA).watch(soon());
      expect((await watch.next(soon())).reveal()).toBe(code);
    });
  }

  it('gives two machines with one mailbox each its own code, and a mail that comes twice only once', async () => {
    const bert = 'bert@contoso.example';
    const [hers, his] = [mail('1', '31000031'), mail('2', '31000032', { upn: bert })];
    const all = [mail('4', '31000032', { upn: bert }), mail('3', '31000031'), his, hers];
    for (const [upn, code] of [
      [ANNA, '31000031'],
      [bert, '31000032'],
    ] as const) {
      const { tenant } = tenantOf([], all);
      const watch = await mailboxSource(tenant, MAILBOX, upn).watch(soon());
      expect((await watch.next(soon())).reveal()).toBe(code);
      await expect(watch.next(Deadline.in(50, 'waiting'))).rejects.toMatchObject({
        code: 'code-not-received',
      });
    }
  });

  it('does without that clock', async () => {
    const { tenant } = tenantOf([], [mail('new', '31000006', { ageMs: 60_000 })]);
    const clock = () => Promise.reject(throttled);
    const watch = await mailboxSource({ ...tenant, clock }, MAILBOX, ANNA).watch(soon());
    expect((await watch.next(soon())).reveal()).toBe('31000006');
  });

  it('waits through an error that passes', async () => {
    const { tenant } = tenantOf(throttled, [], throttled, [mail('new', '31000007')]);
    const watch = await mailboxSource(tenant, MAILBOX, ANNA).watch(soon());
    expect((await watch.next(soon())).reveal()).toBe('31000007');
  });

  it('says what stayed in the way until the end', async () => {
    const tooLate = timedOut('asking the tenant', 400);
    const { tenant } = tenantOf([], throttled, tooLate);
    const watch = await mailboxSource(tenant, MAILBOX, ANNA).watch(soon());
    await expect(watch.next(Deadline.in(400, 'waiting'))).rejects.toBe(throttled);
  });

  it('gives up at once on an error that does not pass, and when it is interrupted', async () => {
    const denied = new Fault('No', {
      code: 'tenant-permission-missing',
      blame: 'tenant',
      remedy: 'Grant it.',
    });
    await expect(mailboxSource(tenantOf(denied).tenant, MAILBOX, ANNA).watch(soon())).rejects.toBe(denied);
    const abort = new AbortController();
    const watch = await mailboxSource(tenantOf([]).tenant, MAILBOX, ANNA).watch(soon());
    const waiting = watch.next(Deadline.in(8000, 'waiting', abort.signal));
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
  });
});
