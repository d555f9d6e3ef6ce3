import type { WinrmEndpoint } from '../core/endpoints.ts';
import { Fault } from '../core/errors.ts';
import type { Language } from '../core/languages.ts';
import { Secret } from '../core/secret.ts';
import { type LoadedConfig, readPem, readSecret } from './load.ts';

/** How real machines are reached: what Vagrant cannot tell of them, or must not print. */
export interface Access {
  readonly scheme: 'http' | 'https';
  readonly winrm: Omit<WinrmEndpoint, 'url' | 'fingerprint'>;
  /** SHA-256 of the certificates of machines that are told apart by it. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** In which language each machine of the lab is made; real ones have their own. */
  readonly languages: Readonly<Record<string, Language>>;
  readonly vncPassword: Secret;
  /** VirtualBox' web service; the console is reached by it and VBoxManage in place of VNC. */
  readonly webService: { readonly url: string; readonly user: string; readonly password: Secret } | undefined;
}

/** Boxes come with this published password, and so does the Vagrantfile. */
const PUBLISHED = new Secret('vagrant', 'everybody');

/** VNC knows no more characters of a password. */
const VNC_CHARACTERS = 8;

/** How machines are reached when nothing is configured: as every public box is set up. */
export const USUAL_ACCESS: Access = {
  scheme: 'http',
  winrm: { user: 'vagrant', password: PUBLISHED, authentication: 'auto' },
  fingerprints: {},
  languages: {},
  vncPassword: PUBLISHED,
  webService: undefined,
};

/** @throws Fault `secret-missing`, `ca-unreadable` */
export function resolveAccess(loaded: LoadedConfig): Access {
  const { winrm, console, machines } = loaded.config;
  const secret = (reference: string | undefined, key: string): Secret =>
    reference === undefined ? PUBLISHED : readSecret(reference, key, loaded);
  const ca = winrm.certificateAuthority;
  const service = console.webService;
  return {
    scheme: winrm.scheme,
    winrm: {
      user: winrm.user,
      password: secret(winrm.password, 'winrm.password'),
      authentication: winrm.authentication,
      ...(ca !== undefined && { ca: readPem(ca, 'winrm.certificateAuthority', loaded) }),
      ...(winrm.proxy !== undefined && { proxy: winrm.proxy }),
    },
    fingerprints: Object.fromEntries(
      machines.flatMap(({ name, winrmFingerprint }) =>
        winrmFingerprint === undefined ? [] : [[name, winrmFingerprint]],
      ),
    ),
    languages: languagesOf(loaded),
    vncPassword: checked(firstCharacters(secret(console.vncPassword, 'console.vncPassword'))),
    webService: service && {
      ...service,
      password: readSecret(service.password, 'console.webService.password', loaded),
    },
  };
}

/** The languages of the machines, by their names. */
export const languagesOf = ({ config }: LoadedConfig): Access['languages'] =>
  Object.fromEntries(config.machines.map(({ name, language }) => [name, language]));

/** Vagrant's providers put it into XML and into settings files as it is. @throws Fault `vnc-password-characters` */
function checked(secret: Secret): Secret {
  if (!/[&<>"'\\\s]/.test(secret.reveal())) return secret;
  throw new Fault('console.vncPassword: found a character that the files of the providers do not take', {
    code: 'vnc-password-characters',
    blame: 'config',
    remedy: 'Choose one without & < > " \' \\ and blanks; at most 8 characters count.',
  });
}

const firstCharacters = (secret: Secret): Secret =>
  secret.reveal().length <= VNC_CHARACTERS ? secret : new Secret(secret.reveal().slice(0, VNC_CHARACTERS));

/** What the Vagrantfile takes from the environment, so that Vagrant reaches the machines in the same way. */
export function vagrantEnvironment({
  scheme,
  winrm,
  vncPassword,
  webService,
  fingerprints,
  languages,
}: Access): Record<string, string> {
  const transport = scheme === 'https' ? 'ssl' : winrm.authentication === 'basic' ? 'plaintext' : 'negotiate';
  const ownCertificates = winrm.ca !== undefined || Object.keys(fingerprints).length > 0;
  return {
    SSPR_WINRM_USER: winrm.user,
    SSPR_WINRM_PASSWORD: winrm.password.reveal(),
    SSPR_WINRM_TRANSPORT: transport,
    // Vagrant knows the system's authorities only. With NTLM, a password is not sent to whoever answers.
    SSPR_WINRM_VERIFY: ownCertificates && winrm.authentication !== 'basic' ? 'no' : 'yes',
    SSPR_VNC_PASSWORD: vncPassword.reveal(),
    SSPR_VIRTUALBOX_CONSOLE: webService ? 'web-service' : 'vnc',
    ...Object.fromEntries(
      Object.entries(languages).map(([name, language]) => [`SSPR_LANGUAGE_${name.toUpperCase()}`, language]),
    ),
  };
}
