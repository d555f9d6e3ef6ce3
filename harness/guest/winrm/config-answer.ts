import { z } from 'zod';
import { elementText as text } from '../xml.ts';
import { MalformedAnswer } from './responses.ts';

/** What a machine's WinRM service is set to. A setting is missing where this version of Windows has none. */
export interface WinrmConfig {
  /** Kilobytes of 1024 bytes. */
  readonly MaxEnvelopeSizekb?: number | undefined;
  readonly MaxTimeoutms?: number | undefined;
  readonly winrs: {
    readonly AllowRemoteShellAccess?: boolean | undefined;
    /** Milliseconds. */
    readonly IdleTimeout?: number | undefined;
    readonly MaxConcurrentUsers?: number | undefined;
    readonly MaxProcessesPerShell?: number | undefined;
    readonly MaxMemoryPerShellMB?: number | undefined;
    readonly MaxShellsPerUser?: number | undefined;
  };
  readonly service: {
    readonly AllowUnencrypted?: boolean | undefined;
    readonly MaxConcurrentOperationsPerUser?: number | undefined;
    readonly MaxConnections?: number | undefined;
    readonly auth: {
      readonly Basic?: boolean | undefined;
      readonly Kerberos?: boolean | undefined;
      readonly Negotiate?: boolean | undefined;
      readonly Certificate?: boolean | undefined;
      readonly CredSSP?: boolean | undefined;
      /** `Relaxed`, `None` or `Strict`: whether NTLM over HTTPS must be bound to the channel. */
      readonly CbtHardeningLevel?: string | undefined;
    };
  };
  /** `OS: 6.1.7601 SP: 1.0 Stack: 2.0` */
  readonly productVersion?: string | undefined;
}

/** Settings may come with an attribute that tells a group policy made them: `Source="GPO"`. */
const words = text.transform((written) => written.trim());

const number = words.pipe(z.string().regex(/^\d{1,15}$/)).transform(Number);

const truth = words
  .pipe(z.string().regex(/^(true|false|1|0)$/i))
  .transform((written) => /^(true|1)$/i.test(written));

/** An element without content is an empty text. */
const group = <T extends z.ZodRawShape>(shape: T) =>
  z.preprocess((value) => (typeof value === 'object' ? value : {}), z.object(shape).partial());

/** Source: MS-WSMV 2.2.4.10 ConfigType, 2.2.4.34 ServiceAuthType, 2.2.4.36 ServiceType, 2.2.4.42 WinrsType. */
const config = z.object({
  Config: z.object({
    MaxEnvelopeSizekb: number.optional(),
    MaxTimeoutms: number.optional(),
    Service: group({
      AllowUnencrypted: truth,
      MaxConcurrentOperationsPerUser: number,
      MaxConnections: number,
      Auth: group({
        Basic: truth,
        Kerberos: truth,
        Negotiate: truth,
        Certificate: truth,
        CredSSP: truth,
        CbtHardeningLevel: words,
      }),
    }),
    Winrs: group({
      AllowRemoteShellAccess: truth,
      IdleTimeout: number,
      MaxConcurrentUsers: number,
      MaxProcessesPerShell: number,
      MaxMemoryPerShellMB: number,
      MaxShellsPerUser: number,
    }),
  }),
});

const identity = z.object({ IdentifyResponse: z.object({ ProductVersion: words }) });

/** @throws MalformedAnswer */
export function readConfig(body: unknown): WinrmConfig {
  const found = config.safeParse(body);
  if (!found.success) {
    const issue = found.error.issues[0];
    throw new MalformedAnswer(
      `it is not the settings of WinRM (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`,
    );
  }
  const { MaxEnvelopeSizekb, MaxTimeoutms, Service, Winrs } = found.data.Config;
  const { Auth, ...service } = Service;
  return {
    MaxEnvelopeSizekb,
    MaxTimeoutms,
    winrs: Winrs,
    service: { ...service, auth: Auth ?? {} },
  };
}

/** @throws MalformedAnswer */
export function readProductVersion(body: unknown): string {
  const found = identity.safeParse(body);
  if (found.success) return found.data.IdentifyResponse.ProductVersion;
  throw new MalformedAnswer('it is not the answer to Identify');
}
