import { CLOUDS } from '../harness/core/clouds.ts';
import type { Connection } from '../harness/guest/facts.ts';
import { readFactsWithPortal } from '../harness/guest/portal-facts.ts';
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
      const hosts = {
        portal: policyOf(story).portalHost,
        extra: CLOUDS[story.settings.tenant.cloud].extraHosts,
      };
      story.memory.factsAfter = await readFactsWithPortal(await story.channel(), hosts, deadline);
      story.fact('connections', story.memory.factsAfter.connections.map(inWords));
      story.fact('handshakes', story.memory.factsAfter.handshakes);
    });

    judge((story) => recall(story, 'factsAfter'));
  },
);

const inWords = ({ url, route, stack, status, error, ms }: Connection): string =>
  `${url} by ${stack}, ${WAYS[route] ?? `through ${route}`}: ${status > 0 ? `HTTP ${status}` : `error ${error}`} after ${ms} ms`;

const WAYS: Readonly<Record<string, string>> = { settings: 'as it is set up', direct: 'past every proxy' };
