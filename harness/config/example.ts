/** What `sspr init` writes: a complete configuration for real machines and a real tenant, every key explained. */
export const EXAMPLE_CONFIG = `# Compliance job for self-service password reset at the Windows logon screen.
# Every secret is a reference, env:NAME or file:PATH (relative to this file); a secret itself is refused here.
version: 1

# Your copy of the add-in, from https://aka.ms/sspraddin (x64 for 64-bit Windows).
package:
  path: ./SsprWindowsLogon.PROD.msi

# The tenant. The app registration needs these application permissions of Microsoft Graph, with admin consent:
# AuditLog.Read.All, Directory.Read.All, User.Read.All, and Mail.Read (limit it to the mailboxes below
# with an application access policy). Reading audit logs needs Entra ID P1 or P2.
tenant:
  id: 00000000-0000-4000-8000-000000000000
  clientId: 00000000-0000-4000-8000-000000000001
  clientSecret: env:SSPR_CLIENT_SECRET
  # Other clouds: set both.
  # authority: https://login.microsoftonline.us
  # graph: https://graph.microsoft.us

# One entry a machine of the Vagrantfile. The boxes are yours: name them in SSPR_BOX_WIN7, SSPR_BOX_WIN8, SSPR_BOX_WIN81.
# Each machine resets the password of its own test user: registered for reset with an e-mail address,
# not an administrator, and used for nothing else (5 failed tries block a user for 24 hours).
machines:
  - name: win7
    os: win7 # win7 | win8 | win81
    provider: virtualbox # virtualbox | vmware_desktop | hyperv | libvirt
    language: en # of the logon screen; en is the only one so far
    # winrmFingerprint: 64 hexadecimal digits # https: SHA-256 of its certificate, in place of winrm.certificateAuthority
    account:
      upn: sspr-test-1@contoso.example # what is typed as User ID
      displayName: SSPR Test 1 # the name beneath the tile
      mailbox: sspr-codes-1@contoso.example # receives the verification codes
  - name: win8
    os: win8
    provider: virtualbox
    account:
      upn: sspr-test-2@contoso.example
      displayName: SSPR Test 2
      mailbox: sspr-codes-2@contoso.example
  - name: win81
    os: win81
    provider: virtualbox
    account:
      upn: sspr-test-3@contoso.example
      displayName: SSPR Test 3
      mailbox: sspr-codes-3@contoso.example

# How the machines are reached from inside. The user is an administrator there; public boxes have vagrant/vagrant.
winrm:
  scheme: http # http: port 5985, bodies sealed by NTLM | https: port 5986
  authentication: auto # auto: NTLM, or Basic over https and on this host | ntlm | basic | negotiate, kerberos: by PowerShell of a Windows host
  user: vagrant # name, DOMAIN\\name or name@domain
  # password: env:SSPR_WINRM_PASSWORD # left out: vagrant
  # certificateAuthority: ./winrm-ca.pem # https: who signed the machines' certificates
  # proxy: http://proxy.contoso.example:3128

# How their screens are reached.
# console:
#   vncPassword: env:SSPR_VNC_PASSWORD # left out: vagrant; at most 8 characters
#   # VirtualBox without its VNC extension pack: keys and pictures by VBoxManage, the mouse by vboxwebsrv.
#   webService:
#     url: http://127.0.0.1:18083/
#     user: qa
#     password: env:SSPR_VBOX_PASSWORD

policy:
  tls: strict # strict: TLS 1.2 enabled explicitly | osDefault: absence is fine where Windows has it on
  portalHost: passwordreset.microsoftonline.com
  egressAddresses: [] # your network's public addresses; empty: the audit entry's address is only recorded

# Time limits in seconds.
limits:
  up: 900
  command: 300
  reboot: 600
  screen: 120
  verificationCode: 180
  audit: 900 # how long an audit entry may take to appear

# Only for machines with "provider: lab" (then without tenant and package above):
# lab:
#   auditDelaySeconds: 5 # until an audit entry of the lab's tenant is visible
#   tenantPort: 0 # 0: any free port
#   proxyPort: 0
`;
