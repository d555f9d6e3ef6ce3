/** How the imitation behaves. */
export interface Behaviour {
  /** What the link says, or that there is none. */
  readonly link?: string | false;
  /** What comes instead of the page after the user ID. */
  readonly refusal?: string;
  /** What comes instead of the reset's first page. */
  readonly failure?: string;
  /** The methods that each gate offers by their captions; one gate with email when left out. */
  readonly gates?: readonly (readonly string[])[];
  /** Accepts every code and every password. */
  readonly lenient?: boolean;
}

export const EMAIL = 'Email my alternate email';
export const SMS = 'Text my mobile phone';
export const QUESTIONS = 'Answer my security questions';

/** The code that the imitation accepts. */
export const CODE = '204863';
/** What the imitation asks, and the answers that it accepts. */
export const ANSWERS = [
  ['What was the last name of your favourite teacher in the years before you went to school?', 'Ng'],
  ['In what city or town was your first job?', 'Santa Fe'],
  ['What is your favourite food?', 'plums'],
] as const;
export const OLD_PASSWORD = 'Old-passw0rd';

/**
 * A logon screen with the reset behind its link, as one page of HTML: the same captions as Windows and the portal, a look
 * of its own. It tells what was done with it by posting to `/say`.
 */
export const imitation = ({
  link = 'Forgot password?',
  refusal = '',
  failure = '',
  gates = [[EMAIL]],
  lenient = false,
}: Behaviour = {}): string =>
  `<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; height: 100vh; overflow: hidden; color: #fff; background: #0f4a6d; font: 16px 'Open Sans', sans-serif; }
  #logon { position: absolute; left: 380px; top: 240px; }
  #logon .name { font-size: 28px; color: #fff; background: none; border: 0; padding: 0; margin: 12px 0; display: block; }
  #logon input { width: 260px; height: 34px; font: inherit; border: 2px solid #fff; }
  #logon .link { color: #fff; background: none; border: 0; font: inherit; padding: 0; margin-top: 18px; }
  #reset { position: absolute; left: 140px; top: 70px; width: 740px; height: 600px; background: #fff; color: #222; padding: 24px;
    box-sizing: border-box; border-top: 34px solid #bcd4ea; }
  #reset input[type=text], #reset input[type=password] { display: block; width: 300px; height: 32px; margin: 4px 0 14px; font: inherit; }
  #reset .methods { display: grid; grid-template-columns: 260px 380px; column-gap: 30px; align-items: start; }
  #reset button { font: inherit; padding: 6px 26px; color: #fff; background: #0078d7; border: 0; }
</style><body><div id="logon"></div><script>
  const say = (what) => fetch('/say', { method: 'POST', body: JSON.stringify(what) });
  let password = ${JSON.stringify(OLD_PASSWORD)};
  const tiles = () => {
    logon.innerHTML = '<button class=name>Anna Example</button><button class=name>Bo Tester</button>';
    for (const tile of logon.children) tile.onclick = () => user(tile.textContent);
  };
  const user = (name) => {
    logon.innerHTML = '<div class=name>' + name + '</div><form><input type=password placeholder=Password></form>'
      + (${link !== false} ? '<button class=link>${link}</button>' : '');
    const box = logon.querySelector('input');
    box.focus();
    logon.querySelector('form').onsubmit = (event) => {
      event.preventDefault();
      const good = box.value === password;
      logon.innerHTML = good ? '<p>Welcome</p>' : '<p>The user name or password is incorrect.</p><button>OK</button>';
      const ok = logon.querySelector('button');
      if (ok) (ok.onclick = () => user(name), ok.focus());
    };
    if (${link !== false}) logon.querySelector('.link').onclick = () => setTimeout(open, 300);
    onkeydown = ({ key }) => { if (key === 'Escape' && !document.getElementById('reset')) tiles(); };
  };
  let gate = 0;
  const page = (html, next) => {
    document.getElementById('reset')?.remove();
    document.body.insertAdjacentHTML('beforeend', '<form id=reset autocomplete=off>' + html
      + (next === close ? '' : '<p><button type=button>Cancel</button></p>') + '</form>');
    const form = document.getElementById('reset');
    form.querySelector('input')?.focus();
    const cancel = form.querySelector('button[type=button]');
    if (cancel) cancel.onclick = () => (say({ cancelled: true }), close());
    form.onsubmit = (event) => {
      event.preventDefault();
      const fields = Object.fromEntries(new FormData(form));
      if (Object.keys(fields).length > 0) say(fields);
      setTimeout(() => next(fields), 200);
    };
  };
  const close = () => { gate = 0; document.getElementById('reset').remove(); logon.querySelector('input')?.focus(); };
  const stop = (text) => page('<p>' + text + '</p><button>Close</button>', close);
  const open = () => ${JSON.stringify(failure)} ? stop(${JSON.stringify(failure)}) : page(
    '<h1>Get back into your account</h1><p>To recover your account, begin by entering your user ID.</p>'
      + '<label>User ID:</label><input type=text name=userId><button>Next</button>',
    () => (${JSON.stringify(refusal)} ? stop(${JSON.stringify(refusal)}) : method()));
  const gates = ${JSON.stringify(gates)};
  const answers = ${JSON.stringify(ANSWERS)};
  const panes = {
    [${JSON.stringify(EMAIL)}]: '<p>You will receive an email.</p><button>Email</button>',
    [${JSON.stringify(SMS)}]: '<p>Enter your complete phone number (*********00).</p>'
      + '<input type=text name=phone placeholder="Enter your phone number"><button>Text</button>',
    [${JSON.stringify(QUESTIONS)}]: answers.map(([question], index) => '<label>' + question + '</label>'
      + '<input type=text name=answer' + index + '>').join('') + '<button>Next</button>',
  };
  const passed = () => (++gate < gates.length ? method() : fresh());
  const method = () => {
    const crumbs = gates.map((_, index) => 'verification step ' + (index + 1)).concat('choose a new password').join(' &gt; ');
    const choices = gates[gate].map((name) => '<p><label><input type=radio> ' + name + '</label></p>').join('');
    let chosen = gates[gate][0];
    page('<p>' + crumbs + '</p><p>Please choose the contact method we should use for verification:</p>'
      + '<div class=methods><div>' + choices + '</div><div id=pane></div></div>', (fields) => {
      if (chosen === ${JSON.stringify(QUESTIONS)}) {
        const right = answers.every(([, answer], index) => fields['answer' + index] === answer);
        return right ? passed() : stop('The answers you entered are not correct. Please try again.');
      }
      say({ asks: chosen });
      code();
    });
    const show = (name) => { chosen = name; document.getElementById('pane').innerHTML = panes[name] ?? ''; };
    document.querySelectorAll('#reset label').forEach((label) => { label.onclick = () => show(label.textContent.trim()); });
    show(chosen);
  };
  // A wrong one comes back, further down the page.
  const code = (problem = '', given = '') => page(
    "<p>We've sent an email message containing a verification code to your inbox.</p>" + problem
      + '<label>Enter your verification code:</label><input type=text name=code value="' + given + '"><button>Next</button>',
    (fields) => ${lenient} || fields.code === ${JSON.stringify(CODE)} ? passed()
      : code('<p>The verification code you entered is not correct. Please try again.</p>', fields.code));
  const fresh = (problem = '') => page(
    '<h1>Create a new password</h1><label>Enter new password:</label><input type=password name=first>'
      + '<label>Confirm new password:</label><input type=password name=second><p>' + problem + '</p><button>Next</button>',
    ({ first, second }) => {
      if (first !== second) return fresh('The passwords you entered do not match.');
      if (!${lenient} && first.length < 8) return fresh('Your password must be at least 8 characters long.');
      password = first;
      page('<h1>Your password has been reset</h1><button>Finish</button>', close);
    });
  tiles();
</script>`;
