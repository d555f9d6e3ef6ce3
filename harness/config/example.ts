/** What `sspr init` writes: a complete configuration for real machines and a real tenant, every key explained. */
export const EXAMPLE_CONFIG = `# Compliance job for self-service password reset at the Windows logon screen.
# Every secret is a reference, env:NAME or file:PATH (relative to this file); a secret itself is refused here.
version: 1

# Your copy of the add-in, from https://aka.ms/sspraddin (x64 for 64-bit Windows).
package:
  path: ./SsprWindowsLogon.PROD.msi
  # previous: ./old/SsprWindowsLogon.PROD.msi # an earlier version: the upgrade from it is tried as well

# The tenant. The app registration needs these application permissions of Microsoft Graph, with admin consent:
# AuditLog.Read.All, Directory.Read.All, User.Read.All, and Mail.Read (limit it to the mailboxes below
# with an application access policy). Reading audit logs needs Entra ID P1 or P2.
tenant:
  id: 00000000-0000-4000-8000-000000000000
  clientId: 00000000-0000-4000-8000-000000000001
  clientSecret: env:SSPR_CLIENT_SECRET
  # Instead of the client secret, one of these:
  # certificate: file:./sspr-app.pem # certificate and private key, as PEM
  # certificatePassword: env:SSPR_CERTIFICATE_PASSWORD # of a private key that is encrypted
  # workloadIdentity: { tokenFile: ./federated-token } # a token of somebody whom the app registration trusts
  # managedIdentity: true # of the Azure machine on which this runs; clientId then names one of several
  # cloud: global # global | usGov | usGovDoD | china
  # What the cloud decides, should yours differ:
  # authority: https://login.microsoftonline.com
  # graph: https://graph.microsoft.com
  # certificateAuthority: ./company-ca.pem # trusted instead of the usual ones: a proxy that looks into TLS
  # proxy: http://proxy.contoso.example:3128 # between this host and the tenant

# One entry a machine of the Vagrantfile. The boxes are yours: name them in SSPR_BOX_WIN7, SSPR_BOX_WIN8, SSPR_BOX_WIN81.
machines:
  - name: win7
    os: win7 # win7 | win8 | win81
    provider: virtualbox # virtualbox | vmware_desktop | hyperv | libvirt
    language: en # of the logon screen: en | es | fr | sv | zh-CN
    # winrmFingerprint: 64 hexadecimal digits # https: SHA-256 of its certificate, in place of winrm.certificateAuthority
    # A user of its own, instead of one of the accounts below:
    # account: { upn: sspr-test-5@contoso.example, displayName: SSPR Test 5, mailbox: sspr-codes-5@contoso.example }
  - name: win8
    os: win8
    provider: virtualbox
  - name: win81
    os: win81
    provider: virtualbox

# Test users: registered for reset, not administrators, and used for nothing else. A run takes for each machine the one
# that was tried longest ago, and no two runs of this host ever have the same one. With some to spare, runs need not wait.
accounts:
  - upn: sspr-test-1@contoso.example # what is typed as User ID
    displayName: SSPR Test 1 # the name beneath the tile
    mailbox: sspr-codes-1@contoso.example # receives the codes; the app may read it
    # machines: [win7, win8] # that show this user; left out: all
  - upn: sspr-test-2@contoso.example
    displayName: SSPR Test 2
    mailbox: sspr-codes-2@contoso.example
  - upn: sspr-test-3@contoso.example
    displayName: SSPR Test 3
    mailbox: sspr-codes-3@contoso.example
  # Who proves in other ways who he is names them instead of mailbox, in the order of preference:
  # - upn: sspr-test-4@contoso.example
  #   displayName: SSPR Test 4
  #   verification:
  #     - by: mailbox # the same as "mailbox" above
  #       mailbox: sspr-codes-4@contoso.example
  #     - by: imap # e-mail that arrives outside the tenant
  #       host: imap.contoso.example
  #       port: 993
  #       security: tls # tls | starttls
  #       user: sspr-codes-4
  #       password: env:SSPR_IMAP_PASSWORD
  #       folder: INBOX
  #       certificateAuthority: ./mail-ca.pem # left out: the usual ones
  #     - by: smsWebhook # a gateway posts the text messages to us
  #       phone: "+46 701234567" # as the user has registered it
  #       listen: 127.0.0.1:8025 # on this host only; what faces the internet forwards to it
  #       token: env:SSPR_SMS_TOKEN # the last part of the path: POST /sms/<token>
  #       text: text # where the text stands in what is posted
  #     - by: smsApi # we fetch them from a provider
  #       phone: "+46 701234568"
  #       url: https://sms.contoso.example/messages
  #       authorization: env:SSPR_SMS_AUTHORIZATION # the whole header, "Bearer ..."
  #       messages: messages # where the list stands in the answer, and in each message:
  #       id: id
  #       text: body
  #       at: date # when it was received
  #       certificateAuthority: ./sms-ca.pem # left out: the usual ones
  #     - by: questions
  #       answers:
  #         - question: In what city did you meet your first spouse/partner? # as the page asks it
  #           answer: env:SSPR_ANSWER_CITY
  #     - by: person # somebody types the code at the terminal of the run
  #       method: sms # email | sms
  #       phone: "+46 701234569"
  #       withinSeconds: 300

# Azure AD blocks a user for 24 hours who tries more than 5 times: no run goes beyond this, all of this host together.
accountBudget:
  perHour: 4
  perDay: 5

# Users whom the portal is to turn away, to see that it does and says why. Their name is typed at the logon screen of any
# machine; they need no account there. No code is sent to them and no password is set.
# refusals:
#   - upn: sspr-unregistered@contoso.example
#     expects: notRegistered # notRegistered | authenticatorOnly | policyOff | notLicensed | notInGroup | blocked
#   - upn: sspr-hesitant@contoso.example
#     expects: cancelled # registered like the users above; goes as far as the list of methods and leaves
#     machines: [win7] # left out: all

# What is done wrong once, on purpose, before it is done right. A wrong code counts towards the block of its user.
trials: [] # wrongCode, weakPassword

# Captions that your machines show otherwise than ours are known by ("npx sspr learn captions", docs/languages.md).
# captions: [./captions-sv.yaml]

# What becomes of the new passwords.
passwords: { keep: memory } # forgotten with the end of the run
# passwords: { keep: file, path: ./new-passwords.jsonl } # added to a file that only you can read
# passwords: { keep: command, command: [/usr/local/bin/keep-password, sspr] } # a line of JSON on its standard input

# Where this host remembers the tries; left out: the usual place for such state of this user.
# stateFolder: /var/lib/sspr

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
  # portalHost: passwordreset.microsoftonline.com # left out: that of the cloud
  methodsRequired: 1 # 1 | 2: how many methods the tenant asks of who resets the password
  clientTypes: [] # values of ClientType that audit entries may carry; empty: any, recorded
  portalIssuers: [] # roots above the portal's certificate, by their names; empty: any that the machine trusts, recorded
  # What "patched" means, in place of ours (docs/controls.md): of each group, one update has to be installed.
  # patches: { win7: [[KB4490628, KB4536952], [KB3140245, KB4534310]], win8: [], win81: [[KB2919355]] }
  egressAddresses: [] # your network's public addresses; empty: the audit entry's address is only recorded

# What may fail until a day, because somebody accepts that. Every report shows who, why and what it covered (docs/waivers.md).
# waivers:
#   - control: audit.password-changed # an id of docs/controls.md
#     machines: [win7] # left out: all
#     reason: Passwords are written back to the domain only
#     owner: Quality, Anna Berg
#     expires: "2027-03-31" # the last day on which it is in force, in UTC

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
