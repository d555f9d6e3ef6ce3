import { expect } from '@playwright/test';
import fc from 'fast-check';
import type { TimelineRow } from '../core/journal.ts';
import { type Correlation, correlate, type CorrelationInput } from './correlation.ts';
import { FLOW_ACTIVITY, RESET_ACTIVITY } from './correlation/entries.ts';
import {
  actionsAt,
  ADDRESS,
  ANNA,
  auditRow,
  CLIENT_TYPE,
  type Instants,
  instantsFrom,
  iso,
  rowsOf,
  seen,
} from './correlation/testing.ts';
import type { DirectoryAudit } from './directory.ts';

const BEGIN = Date.parse('2026-11-21T10:00:00.000Z');
const OURS = instantsFrom(BEGIN);
const SEEN_AT = BEGIN + 60_000;
const SAME_CLOCK = { aheadSeconds: 0, uncertainSeconds: 0.5 };

const judge = (rows: readonly DirectoryAudit[], more: Partial<CorrelationInput> = {}): Correlation =>
  correlate({
    attempt: { ...ANNA, actions: actionsAt(OURS), wentThrough: true },
    rows: seen(rows, SEEN_AT),
    clock: SAME_CLOCK,
    egressAddresses: [],
    clientTypes: [],
    search: 'settled',
    ...more,
  });

const shifted = (instants: Instants, byMs: number): Instants =>
  Object.fromEntries(Object.entries(instants).map(([action, at]) => [action, at + byMs])) as Instants;
const reset = (at: number, more: Partial<DirectoryAudit> = {}): DirectoryAudit =>
  auditRow(at, {
    activityDisplayName: RESET_ACTIVITY,
    resultReason: 'Successfully completed reset.',
    ...more,
  });
const ids = (rows: readonly DirectoryAudit[]): string[] => rows.map(({ id }) => id).sort();

const own = rowsOf(OURS);
const final = own.at(-1)!;
const PASSWORD = OURS['password-submitted'];

describe('Correlation', () => {
  it('matches the entries of the attempt, and measures how late the reset could be read', () => {
    const found = judge(own);
    expect(found).toMatchObject({ verdict: 'matched', reset: { id: final.id }, foreign: [] });
    expect(ids(found.own)).toEqual(ids(own));
    expect(found.delayMs).toBe(SEEN_AT - PASSWORD - 300);
    expect(found.reason).toContain('readable at most 24.7 s after it was made');
  });

  it('says between which instants the reset appeared, once a look was without it', () => {
    const reasonOf = (missedAt: number, clock = SAME_CLOCK): string =>
      judge([], { rows: seen(own, SEEN_AT).map((row) => ({ ...row, missedAt: iso(missedAt) })), clock })
        .reason;
    expect(reasonOf(SEEN_AT - 2_000)).toContain('readable 22.7 to 24.7 s after it was made');
    expect(reasonOf(PASSWORD), 'before it was made').toContain('readable at most 24.7 s');
    expect(reasonOf(SEEN_AT - 2_000, { aheadSeconds: 0, uncertainSeconds: 90 })).toContain(
      'readable 22.7 to 24.7 s (± 90.0 s) after',
    );
  });

  it('waits for nothing more as soon as nothing more can change the verdict', () => {
    const conclusive = (rows: readonly DirectoryAudit[], more: Partial<CorrelationInput> = {}): boolean =>
      judge(rows, { search: 'looking', ...more }).isConclusive;
    const failed = own.map((row) => (row === final ? { ...row, result: 'failure' } : row));
    const twoPasswords = [...actionsAt(OURS), ...actionsAt({ 'password-submitted': PASSWORD + 2_000 })];
    const rival = auditRow(OURS['user-id-submitted'] + 300, { correlationId: 'c2' });
    const elsewhere = { initiatedBy: { ...final.initiatedBy, ipAddress: '198.51.100.9' } };

    expect(conclusive(own)).toBe(true);
    expect(conclusive(failed), 'failed').toBe(true);
    expect(
      conclusive(failed, { attempt: { ...ANNA, actions: twoPasswords, wentThrough: true } }),
      'the second password may have been accepted',
    ).toBe(false);
    expect(conclusive([final]), 'no step').toBe(false);
    expect(conclusive(own.slice(0, -1)), 'no reset').toBe(false);
    expect(conclusive([...own, rival]), 'another reset may be to come').toBe(false);
    expect(
      conclusive([...own, { ...rival, ...elsewhere }], { egressAddresses: [ADDRESS] }),
      'another one, but not from this machine',
    ).toBe(true);
    expect(
      conclusive(rowsOf(OURS, elsewhere), { egressAddresses: [ADDRESS] }),
      'the one from this machine may be to come',
    ).toBe(false);
  });

  it('takes a difference of the clocks out of everything, the delay too', () => {
    for (const aheadSeconds of [-600, -47.3, 600]) {
      const theirs = rowsOf(shifted(OURS, aheadSeconds * 1000));
      const found = judge(theirs, { clock: { aheadSeconds, uncertainSeconds: 0.5 } });
      expect(found).toMatchObject({ verdict: 'matched', foreign: [], delayMs: 24_700 });
    }
    expect(judge(rowsOf(shifted(OURS, 600_000))).verdict).toBe('unchecked');
  });

  const silent: [string, Partial<CorrelationInput>, string][] = [
    ['while looking', { search: 'looking' }, 'unchecked'],
    ['when the last looks failed', { search: 'incomplete' }, 'unchecked'],
    ['after a complete look at the end', { search: 'budget-spent' }, 'missing'],
    [
      'when the attempt did not go through',
      { attempt: { ...ANNA, actions: actionsAt(OURS), wentThrough: false }, search: 'budget-spent' },
      'not-expected',
    ],
    ['when nothing was done', { attempt: { ...ANNA, actions: [], wentThrough: true } }, 'unchecked'],
  ];
  for (const [when, more, verdict] of silent) {
    it(`says ${verdict} ${when} and there is no entry of a reset`, () => {
      expect(judge([], more)).toMatchObject({ verdict, reset: null, delayMs: null, address: null });
      expect(judge(own.slice(0, -1), more).verdict).toBe(verdict);
    });
  }

  it('names how long was looked for the reset that is missing', () => {
    expect(judge([], { search: 'budget-spent', budgetSeconds: 900 }).reason).toBe(
      'The reset is not in the audit log, although it was looked for as long as an entry may take (900 s)',
    );
  });

  it('finds the steps to be ours also without the reset, and says why the tenant refused', () => {
    const { 'user-id-submitted': at } = OURS;
    const refusal = auditRow(at + 200, {
      result: 'failure',
      resultReason: 'Password reset is not enabled for this user ',
    });
    const actions = actionsAt({ 'link-clicked': BEGIN, 'user-id-submitted': at });
    const found = judge([auditRow(at + 200), refusal], { attempt: { ...ANNA, actions, wentThrough: false } });
    expect(found).toMatchObject({ verdict: 'not-expected', foreign: [] });
    expect(found.own).toHaveLength(2);
    expect(found.reason).toBe(
      'The attempt did not go through; the tenant says: Password reset is not enabled for this user',
    );
  });

  it('says that the result is the wrong one, unless a second password was accepted', () => {
    const refusedPassword = reset(PASSWORD + 200, {
      result: 'failure',
      resultReason: 'FuzzyPolicyViolationInvalidPassword',
    });
    const steps = own.slice(0, -1);
    expect(judge([...steps, refusedPassword])).toMatchObject({
      verdict: 'wrong-result',
      reset: { id: refusedPassword.id },
      reason: 'The audit log says that the reset did not succeed: FuzzyPolicyViolationInvalidPassword',
    });
    expect(judge([...own, refusedPassword])).toMatchObject({
      verdict: 'matched',
      reset: { id: final.id },
      foreign: [],
    });
  });

  /** Each tells which of two resets is ours; the other one is somebody else's. */
  const others: [string, DirectoryAudit[]][] = [
    ['a minute before', rowsOf(shifted(OURS, -60_000), { correlationId: 'c2' })],
    ['a minute after', rowsOf(shifted(OURS, 60_000), { correlationId: 'c2' })],
    [
      'a minute before and after, all without correlation ids',
      [-60_000, 60_000].flatMap((by) => rowsOf(shifted(OURS, by), { correlationId: '' })),
    ],
    [
      'begun before ours, ended together with it',
      rowsOf({ ...shifted(OURS, -20_000), 'password-submitted': PASSWORD + 900 }, { correlationId: 'c2' }),
    ],
    [
      'begun before ours, ended together with it, half of it still invisible',
      [auditRow(BEGIN - 5_000, { correlationId: 'c2' }), reset(PASSWORD + 900, { correlationId: 'c2' })],
    ],
    ['of which only the end is to be seen', [reset(PASSWORD + 900, { correlationId: 'c2' })]],
    [
      'by an administrator meanwhile',
      [
        auditRow(PASSWORD, {
          correlationId: 'c2',
          activityDisplayName: 'Reset password (by admin)',
          initiatedBy: { userId: 'x', userPrincipalName: 'admin@contoso.example', ipAddress: '', app: '' },
        }),
      ],
    ],
    [
      'by an app meanwhile, without correlation id',
      [
        auditRow(PASSWORD, {
          correlationId: '',
          activityDisplayName: 'Reset password (by admin)',
          initiatedBy: { userId: '', userPrincipalName: '', ipAddress: '', app: 'Helpdesk' },
        }),
      ],
    ],
    [
      'ended before our password was given, without correlation id',
      [reset(BEGIN + 20_000, { correlationId: '' })],
    ],
    ['given up meanwhile', [auditRow(BEGIN + 12_000, { correlationId: 'c2' })]],
  ];
  for (const [what, theirs] of others) {
    it(`tells a reset from ours: ${what}`, () => {
      const found = judge([...theirs, ...own]);
      expect(found).toMatchObject({ verdict: 'matched', reset: { id: final.id } });
      expect(ids(found.foreign)).toEqual(ids(theirs));
      expect(judge(theirs, { search: 'budget-spent' }).verdict, 'is not taken for ours').toMatch(
        what === 'of which only the end is to be seen' ? /^matched$/ : /^missing$/,
      );
    });
  }

  it('is ambiguous when two resets fit, unless the address or the ClientType tells them apart', () => {
    const twin = (more: Partial<DirectoryAudit> = {}): DirectoryAudit[] =>
      rowsOf(shifted(OURS, 400), { correlationId: 'c2', ...more });
    const ambiguous = judge([...own, ...twin()]);
    expect(ambiguous).toMatchObject({ verdict: 'ambiguous', reset: null, address: null, foreign: [] });
    expect(ambiguous.reason).toContain('2 entries');

    const elsewhere = twin({ initiatedBy: { ...final.initiatedBy, ipAddress: '198.51.100.9' } });
    const byAddress = judge([...own, ...elsewhere], { egressAddresses: [ADDRESS] });
    expect(byAddress).toMatchObject({ verdict: 'matched', reset: { id: final.id }, address: 'right' });
    expect(ids(byAddress.foreign)).toEqual(ids(elsewhere));

    const inBrowser = twin({ additionalDetails: { ClientType: 'Browser' } });
    expect(judge([...own, ...inBrowser], { clientTypes: [CLIENT_TYPE] })).toMatchObject({
      verdict: 'matched',
      reset: { id: final.id },
      clientType: 'expected',
    });
  });

  it('doubts a reset whose steps are not at the time of ours, but forgives a single one', () => {
    const odd = rowsOf({
      ...OURS,
      'user-id-submitted': BEGIN + 32_000,
      'verification-requested': BEGIN + 500,
      'verification-submitted': BEGIN + 700,
    });
    expect(judge(odd, { search: 'budget-spent' }).verdict).toBe('ambiguous');
    const oneOdd = [
      ...own.filter(({ resultReason }) => !resultReason.includes('started')),
      auditRow(BEGIN + 500, { resultReason: 'User started the email verification option' }),
    ];
    expect(judge(oneOdd)).toMatchObject({ verdict: 'matched', foreign: [] });
  });

  const tolerated: [string, DirectoryAudit[]][] = [
    [
      'other letters',
      own.map((row) => ({
        ...row,
        correlationId: row.correlationId.toUpperCase(),
        activityDisplayName: ` ${row.activityDisplayName.toUpperCase()}`,
        result: 'Success',
        initiatedBy: { ...row.initiatedBy, userId: '', userPrincipalName: 'Anna@CONTOSO.example' },
      })),
    ],
    [
      'the object id only',
      own.map((row) => ({ ...row, initiatedBy: { ...row.initiatedBy, userPrincipalName: '' }, targets: [] })),
    ],
    [
      'no initiator',
      own.map((row) => ({
        ...row,
        initiatedBy: { userId: '', userPrincipalName: '', ipAddress: '', app: '' },
      })),
    ],
    ['no correlation ids', own.map((row) => ({ ...row, correlationId: '' }))],
    [
      'an empty correlation id',
      own.map((row) => ({ ...row, correlationId: '00000000-0000-0000-0000-000000000000' })),
    ],
    ['none for the reset', own.map((row) => (row === final ? { ...row, correlationId: '' } : row))],
    ['none for a step', own.map((row, index) => (index === 2 ? { ...row, correlationId: '' } : row))],
    ['a correlation id each', own.map((row, index) => ({ ...row, correlationId: `c${index}` }))],
    ['texts that nobody knows', own.map((row) => ({ ...row, resultReason: 'Der Benutzer hat etwas getan' }))],
    ['every entry twice', [...own, ...own]],
    ['the wrong order', [...own].reverse()],
    [
      'a reset dated late',
      own.map((row) =>
        row === final ? { ...row, activityDateTime: iso(OURS['success-seen'] + 9_000) } : row,
      ),
    ],
  ];
  for (const [what, rows] of tolerated) {
    it(`matches in spite of ${what}`, () => {
      expect(judge(rows)).toMatchObject({ verdict: 'matched', reset: { id: final.id }, foreign: [] });
    });
  }

  it('leaves the entries of others alone', () => {
    const bob = { userId: 'b', userPrincipalName: 'bob@contoso.example', ipAddress: ADDRESS, app: '' };
    const noise = rowsOf(OURS, { initiatedBy: bob, targets: [{ id: 'b', name: bob.userPrincipalName }] });
    const found = judge([...noise, ...own]);
    expect(ids([...found.own, ...found.foreign])).toEqual(ids(own));
    expect(judge(noise, { search: 'budget-spent' }).verdict).toBe('missing');
  });

  it('keeps the first sighting of an entry that was seen twice, and what it said last', () => {
    const changed = own.map((row) => ({
      ...row,
      result: 'failure',
      additionalDetails: { OnPremisesAgent: '' },
    }));
    const rows = [...seen(changed, SEEN_AT + 5_000), ...seen(own, SEEN_AT)];
    const found = judge([], { rows });
    expect(found).toMatchObject({ verdict: 'wrong-result', delayMs: 24_700 });
    expect(found.reset?.additionalDetails).toEqual({ ClientType: CLIENT_TYPE, OnPremisesAgent: '' });
  });

  const from = (ipAddress: string): Partial<DirectoryAudit> => ({
    initiatedBy: { ...final.initiatedBy, ipAddress },
  });
  const addresses: [string, string, string[], string][] = [
    ['the configured one', ADDRESS, [ADDRESS, '198.51.100.1'], 'right'],
    ['as IPv6, written in another way', '2001:DB8:0::1', ['2001:db8::1'], 'right'],
    ['as IPv4 within IPv6', `::ffff:${ADDRESS}`, [ADDRESS], 'right'],
    ['as IPv4 within IPv6, in hexadecimal', '0:0:0:0:0:FFFF:CB00:7107', [ADDRESS], 'right'],
    ['configured as IPv4 within IPv6', ADDRESS, ['::ffff:cb00:7107'], 'right'],
    ['with a zone', 'fe80::1%eth0', ['fe80::1'], 'right'],
    ['no address at all', '[::1', [ADDRESS], 'wrong'],
    ['another', '198.51.100.9', [ADDRESS], 'wrong'],
    ['none', ' ', [ADDRESS], 'absent'],
    ['none, and none configured', '', [], 'absent'],
    ['any, and none configured', '198.51.100.9', [], 'recorded'],
  ];
  for (const [what, address, egressAddresses, verdict] of addresses) {
    it(`finds an address ${verdict}: ${what}`, () => {
      const found = judge(rowsOf(OURS, from(address)), { egressAddresses });
      expect(found).toMatchObject({ verdict: 'matched', address: verdict });
    });
  }

  const clientTypes: [string, Record<string, string>, string[], string][] = [
    [
      'one of the policy, in other letters',
      { clienttype: 'windows7LOGONscreen ' },
      [CLIENT_TYPE],
      'expected',
    ],
    ['none of the policy', { ClientType: 'Browser' }, [CLIENT_TYPE], 'wrong'],
    ['any, and none pinned', { ClientType: 'Browser' }, [], 'unknown'],
    ['blank', { ClientType: '' }, [], 'absent'],
    ['other details only', { OnPremisesAgent: 'None' }, [CLIENT_TYPE], 'absent'],
  ];
  for (const [what, additionalDetails, pinned, verdict] of clientTypes) {
    it(`finds a ClientType ${verdict}: ${what}`, () => {
      const found = judge(rowsOf(OURS, { additionalDetails }), { clientTypes: pinned });
      expect(found).toMatchObject({ verdict: 'matched', clientType: verdict });
    });
  }
});

describe('The time line', () => {
  const pairs = ({ timeline }: Correlation): (readonly [string | undefined, string | undefined])[] =>
    timeline.map(({ action, entry }) => [action?.what, entry?.reason]);

  it('has each action beside its entry, in the order of the tenant’s clock', () => {
    const clock = { aheadSeconds: 30, uncertainSeconds: 0.5 };
    const found = judge(rowsOf(shifted(OURS, 30_000)), { clock });
    expect(pairs(found)).toEqual([
      ['chooses the user', undefined],
      ['clicks the link', undefined],
      ['gives the user ID', 'User submitted their user ID'],
      [undefined, 'User was presented with verification options'],
      ['asks for the verification by e-mail', 'User started the email verification option'],
      ['gives the verification by e-mail', 'User completed the email verification option'],
      [undefined, 'User completed all verification steps required'],
      ['gives the new password', 'User submitted a new password'],
      ['sees that the password has been reset', 'User successfully reset password'],
      [undefined, 'Successfully completed reset.'],
    ]);
    expect(found.timeline[2]).toEqual({
      action: {
        what: 'gives the user ID',
        at: iso(OURS['user-id-submitted']),
        tenantAt: iso(OURS['user-id-submitted'] + 30_000),
      },
      entry: {
        id: found.own[0]!.id,
        at: iso(OURS['user-id-submitted'] + 30_200),
        activity: FLOW_ACTIVITY,
        result: 'success',
        reason: 'User submitted their user ID',
        correlationId: 'c1',
        ipAddress: ADDRESS,
        clientType: CLIENT_TYPE,
        seenAt: iso(SEEN_AT),
      },
      differenceMs: 200,
      own: true,
      unexplained: false,
    });
    expect(found.timeline.at(-2)).toMatchObject({ differenceMs: -4_800 });
  });

  it('puts the reset beside the success where the flow does not tell of it', () => {
    expect(pairs(judge([final])).at(-1)).toEqual([
      'sees that the password has been reset',
      'Successfully completed reset.',
    ]);
  });

  it('pairs two methods by their names, and a second code with the entry of the verification', () => {
    const step = (at: number, resultReason: string): DirectoryAudit => auditRow(BEGIN + at, { resultReason });
    const action = (name: 'requested' | 'submitted', at: number, method: 'email' | 'sms') => ({
      action: `verification-${name}` as const,
      at: iso(BEGIN + at),
      method,
    });
    const { timeline } = judge(
      [
        step(10_100, 'User started the email verification option'),
        step(15_100, 'USER STARTED THE mobile SMS verification option '),
        step(22_100, 'User completed the mobile SMS verification option'),
      ],
      {
        attempt: {
          ...ANNA,
          wentThrough: false,
          actions: [
            ...actionsAt({ 'link-clicked': BEGIN }),
            action('requested', 10_000, 'email'),
            action('requested', 15_000, 'sms'),
            action('submitted', 20_000, 'sms'),
            action('submitted', 22_000, 'sms'),
          ],
        },
      },
    );
    expect(timeline.map(({ differenceMs }) => differenceMs)).toEqual([null, 100, 100, null, 100]);
  });

  it('leaves a code and a password that were wrong on purpose without an entry of what went well', () => {
    const actions = actionsAt(OURS).flatMap((action) => {
      const early = iso(Date.parse(action.at) - 300);
      if (action.action === 'verification-submitted')
        return [{ ...action, at: early, trial: 'wrongCode' as const }, action];
      return action.action === 'password-submitted'
        ? [{ ...action, at: early, trial: 'weakPassword' as const }, action]
        : [action];
    });
    const refusedPassword = reset(PASSWORD - 200, { result: 'failure', resultReason: 'too short' });
    // The tenant dates its entries a little early.
    const rows = [
      ...own.map((row) => ({ ...row, activityDateTime: iso(Date.parse(row.activityDateTime) - 400) })),
      refusedPassword,
    ];
    const found = judge(rows, {
      attempt: { ...ANNA, actions, wentThrough: true },
      clock: { aheadSeconds: 0, uncertainSeconds: 1 },
    });
    expect(found).toMatchObject({ verdict: 'matched', reset: { id: final.id }, unexplained: [] });
    const paired = found.timeline.filter(({ action }) => action?.what.includes('on purpose'));
    expect(paired.map(({ action, entry }) => [action?.what, entry])).toEqual([
      ['gives a wrong code, on purpose, by e-mail', null],
      ['gives a weak password, on purpose', null],
    ]);
  });

  it('takes a weak password that was accepted for the new one', () => {
    const actions = actionsAt(OURS).map((action) =>
      action.action === 'password-submitted' ? { ...action, trial: 'weakPassword' as const } : action,
    );
    const found = judge(own, { attempt: { ...ANNA, actions, wentThrough: true } });
    expect(found).toMatchObject({ verdict: 'matched', isConclusive: true });
    expect(pairs(found)).toContainEqual([
      'gives a weak password, on purpose',
      'User submitted a new password',
    ]);
  });

  it('shows what others did to the user, and that it was not us', () => {
    const theirs = rowsOf(shifted(OURS, -60_000), { correlationId: 'c2' });
    const { timeline } = judge([...own, ...theirs]);
    expect(timeline.filter((row) => !row.own).map(({ entry }) => entry?.correlationId)).toEqual(
      theirs.map(() => 'c2'),
    );
    const instants = timeline.map(({ action, entry }) =>
      Math.min(...[action?.tenantAt, entry?.at].flatMap((at) => (at === undefined ? [] : Date.parse(at)))),
    );
    expect(instants).toEqual([...instants].sort((a, b) => a - b));
  });

  it('tells what others did since the click from what was done before it', () => {
    const earlier = rowsOf(shifted(OURS, -300_000), { correlationId: 'c2' });
    const rival = reset(OURS['success-seen'] + 30_000, { correlationId: 'c3' });
    const { timeline, unexplained } = judge([...own, ...earlier, rival]);
    const whose = (wanted: Partial<TimelineRow>): string[] =>
      timeline
        .filter((row) => row.own === wanted.own && row.unexplained === wanted.unexplained)
        .flatMap(({ entry }) => entry?.correlationId ?? []);
    expect(whose({ own: false, unexplained: false })).toEqual(earlier.map(() => 'c2'));
    expect(whose({ own: false, unexplained: true })).toEqual(['c3']);
    expect(ids(unexplained)).toEqual([rival.id]);
    expect(timeline.filter((row) => row.own && row.unexplained)).toEqual([]);
  });

  it('has every action and every entry once, whatever is read', () => {
    const offset = fc.integer({ min: -90_000, max: 120_000 });
    const texts = fc.constantFrom(...new Set(own.map(({ resultReason }) => resultReason)), 'unheard of');
    const rows = fc.array(fc.tuple(offset, texts, fc.constantFrom('', 'c1', 'c2'), fc.boolean()), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(rows, (drawn) => {
        const read = drawn.map(([by, resultReason, correlationId, isReset]) =>
          (isReset ? reset : auditRow)(BEGIN + by, { resultReason, correlationId }),
        );
        const { timeline, own: ours, foreign } = judge(read);
        expect(timeline.filter(({ action }) => action !== null)).toHaveLength(7);
        expect(timeline.flatMap(({ entry }) => entry?.id ?? []).sort()).toEqual(ids(read));
        expect(ids([...ours, ...foreign])).toEqual(ids(read));
      }),
    );
  });
});
