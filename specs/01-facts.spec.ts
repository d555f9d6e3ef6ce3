import { probe } from '../harness/guest/probe/run.ts';
import { judgeLanguage } from './controls/environment.ts';
import { judgeAlternateMethods, judgeRegistered, judgeResetEnabled } from './controls/prerequisites.ts';
import { compareGuestClock } from './support/guest-clock.ts';
import { policyOf } from './support/policy.ts';
import { recall } from './support/memory.ts';
import { stage } from './support/stage.ts';

stage(
  'facts',
  'Before the installation, the machine and the tenant are as they should be',
  ['up'],
  ({ step, control, judge }) => {
    step('reads the facts of the machine', async (story) => {
      const deadline = story.deadline(story.settings.limits.command, 'reading the facts');
      const channel = await story.channel();
      const asked = Date.now();
      story.memory.factsBefore = await probe(channel, { urls: [] }, deadline);
      const clock = compareGuestClock(story.memory.factsBefore, asked, Date.now());
      story.fact('operating system', story.memory.factsBefore.os);
      story.fact('Windows Script Host', story.memory.factsBefore.scriptHost);
      story.fact('clock of the machine beside ours', clock);
    });

    // Before the tenant is asked: what it says, or does not, is no reason to leave the machine unjudged.
    judge((story) => recall(story, 'factsBefore'));

    control('environment.language-as-configured', (story) =>
      judgeLanguage(recall(story, 'factsBefore'), story.machine.language),
    );

    step('asks the tenant about the test user', async (story) => {
      const deadline = story.deadline(120, 'asking the tenant about the test user');
      const { upn } = story.account;
      story.memory.registration = await story.directory.registration(upn, deadline);
      story.memory.passwordChangedBefore = await story.directory.passwordChangedAt(upn, deadline);
    });

    control('prerequisites.sspr-enabled', (story) => judgeResetEnabled(recall(story, 'registration')));
    control('prerequisites.user-registered', (story) => judgeRegistered(recall(story, 'registration')));
    control('prerequisites.alternate-methods', (story) =>
      judgeAlternateMethods(recall(story, 'registration'), policyOf(story).resetMethodsRequired),
    );
  },
);
