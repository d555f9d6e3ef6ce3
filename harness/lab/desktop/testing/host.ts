import type { Language } from '../../../core/languages.ts';
import type { DesktopHost, LogonFacts, ResetPage, SignIn, Theme } from '../contract.ts';

/** A machine behind a desktop, for tests: says what it is told to say and keeps what it was asked. */
export class FakeHost implements DesktopHost {
  facts: LogonFacts = {
    users: [
      { account: 'anna', displayName: 'Anna Berg' },
      { account: 'bert', displayName: 'Bert Olsen' },
    ],
    resetLink: true,
    thirdPartyProviders: 1,
  };
  resetPage: () => Promise<ResetPage> = () => Promise.resolve({ reachable: false, reason: 'no network' });
  readonly asked: string[] = [];

  constructor(
    readonly theme: Theme = 'win7',
    readonly speaks: Language = 'en',
  ) {}

  language(): Language {
    return this.speaks;
  }

  logonFacts(): Promise<LogonFacts> {
    this.asked.push('facts');
    return Promise.resolve(this.facts);
  }

  openResetPage(account: string): Promise<ResetPage> {
    this.asked.push(`reset ${account}`);
    return this.resetPage();
  }

  /** The one right password is `Right-1!`; nobody answers for `Nobody`. */
  signIn(account: string, password: string): Promise<SignIn> {
    this.asked.push(`sign-in ${account} ${password}`);
    if (password === 'Nobody') return Promise.resolve('unavailable');
    return Promise.resolve(password === 'Right-1!' ? 'accepted' : 'refused');
  }

  power(action: 'restart' | 'shutdown'): void {
    this.asked.push(action);
  }
}
