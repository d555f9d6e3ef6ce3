import { notApplicable } from '../harness/core/outcome.ts';
import { REFUSALS } from '../harness/core/rehearsals.ts';
import { judgeRefusals } from './controls/refusals.ts';
import { recall } from './support/memory.ts';
import { REFUSAL_CONTROLS, tryRefusals } from './support/refusals.ts';
import { stage } from './support/stage.ts';

stage(
  'refusals',
  'Who may not reset the password is told so',
  ['up', 'install', 'reboot'],
  ({ step, control }) => {
    step('gives the user IDs of those who are to be turned away', async (story) => {
      story.memory.refusals = await tryRefusals(story);
    });

    for (const reason of REFUSALS) {
      control(REFUSAL_CONTROLS[reason], (story) => {
        const tried = recall(story, 'refusals').filter(({ expects }) => expects === reason);
        return tried.length > 0
          ? judgeRefusals(tried)
          : notApplicable(
              `The configuration names no such user for this machine. Name one under refusals in sspr.yaml: expects: ${reason}.`,
            );
      });
    }
  },
);
