import type { Connection } from '../harness/guest/facts.ts';
import { probe } from '../harness/guest/probe/run.ts';
import { EXTRA_HOSTS } from './controls/policy.ts';
import { recall } from './support/memory.ts';
import { policyOf } from './support/policy.ts';
import { stage } from './support/stage.ts';

stage(
  'checks',
  'Patches, TLS 1.2, WinHTTP, proxy and credential providers are right',
  ['up'],
  ({ step, judge }) => {
    step('reads the facts of the machine and connects to the portal from there', async (story) => {
      const deadline = story.deadline(story.settings.limits.command, 'reading the facts');
      const urls = [policyOf(story).portalHost, ...EXTRA_HOSTS].map((host) => `https://${host}/`);
      story.memory.factsAfter = await probe(await story.channel(), { urls }, deadline);
      story.fact('connections', story.memory.factsAfter.connections.map(inWords));
    });

    judge((story) => recall(story, 'factsAfter'));
  },
);

const inWords = ({ url, stack, ok, status, error, ms }: Connection): string =>
  `${url} by ${stack}: ${ok ? `HTTP ${status} after ${ms} ms` : `error ${error}`}`;
