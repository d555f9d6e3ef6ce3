import { expect } from '@playwright/test';
import * as fc from 'fast-check';
import { codeIn, textOfHtml } from './code-in-text.ts';

describe('codeIn', () => {
  it('reads the code, not another number', () => {
    expect(codeIn('Thanks!\r\nYour code is: 204863\r\nOne Microsoft Way, 98052-6399')).toBe('204863');
    expect(codeIn('Use 12345678 within 10 minutes')).toBe('12345678');
  });

  it('does not guess', () => {
    expect(codeIn('Order 123456 and order 654321')).toBeUndefined();
    expect(codeIn('Call 1234567890')).toBeUndefined();
    expect(codeIn('Your password was reset')).toBeUndefined();
    expect(codeIn('Your code is 123456. Your code is 654321.')).toBeUndefined();
  });

  const MESSAGES: Readonly<Record<string, string>> = {
    'a text message': 'Use verification code 123456 for Contoso password reset',
    'a text message with the code first': '123456 is your Contoso verification code.',
    'a code before an order number': 'Your code is 123456. This is about order 654321.',
    'a code before a phone number': 'Use code 123456. Questions? Call +1 4255550100 or 555010',
    'a code after the name of the user': 'The code for anna@contoso.example is: 123456',
    'a code on the next line': 'Your code is:\r\n\r\n123456\r\n\r\nSincerely,\r\nContoso',
    'wide digits': 'Your code is: １２３４５６',
    'a blank that does not break, and one that is not seen': 'Your code\u00a0is:\u00a0123\u200b456',
    Spanish: 'Use el código de verificación 123456 para restablecer la contraseña de Contoso',
    'Spanish, by mail': 'Su código es: 123456\r\nAtentamente, Contoso',
    French: 'Utilisez le code de vérification 123456 pour la réinitialisation du mot de passe Contoso',
    'French, by mail': 'Votre code est : 123456',
    Swedish: 'Använd verifieringskoden 123456 för återställning av lösenord för Contoso',
    'Swedish, by mail': 'Din kod är: 123456',
    Chinese: '使用验证码123456重置Contoso密码',
    'Chinese, by mail': '感谢你验证你的anna@contoso.example帐户！\r\n你的代码为：123456\r\n此致',
  };
  for (const [what, text] of Object.entries(MESSAGES)) {
    it(`reads ${what}`, () => {
      expect(codeIn(text)).toBe('123456');
    });
  }

  const OTHERS: Readonly<Record<string, string>> = {
    'a phone number': 'Questions? Call 5550100',
    'a phone number with its country': 'Ring +46 812345678, +46 1234567 or (0425) 5550100',
    'a phone number in groups': 'Tel. 425-555-0100 or 425 555 0100 or 123456 7890',
    'a year and a day': 'Copyright 2026, since 20260101',
    'an order number': 'Your order 123456 is on its way. Su pedido 123456. 订单号：123456',
    'a user name': 'user123456@contoso.example signed in, and 123456@contoso.example',
    'a sum': 'You owe 123456.78 or 1,234,567',
    'an address of a page': 'https://contoso.example/?id=123456&x=1',
    'a colour': 'Your colour is #123456',
  };
  for (const [what, text] of Object.entries(OTHERS)) {
    it(`does not take ${what} for a code`, () => {
      expect(codeIn(text)).toBeUndefined();
    });
  }

  it('reads any code out of any of these messages', () => {
    const digits = fc.stringMatching(/^[1-9]\d{5,7}$/);
    const plain = Object.values(MESSAGES).filter((text) => text.includes('123456'));
    fc.assert(
      fc.property(fc.constantFrom(...plain), digits, (text, code) => {
        expect(codeIn(text.replace('123456', code))).toBe(code);
      }),
    );
  });
});

describe('textOfHtml', () => {
  it('finds the code among tags, styles, comments and entities', () => {
    const html = `<html><head><title>Code 111111</title><style>p { color: #222222; margin: 333333px }</style></head>
      <body><!-- code is: 444444 --><p style="width:555555px">Thanks for verifying your anna&#64;contoso.example account!</p>
      <table><tr><td>Your code&nbsp;is:</td><td><b>204</b><span>863</span></td></tr></table>
      <p>&copy; 2026 &#x4D;icrosoft</p></body></html>`;
    const text = textOfHtml(html);
    expect(text).toContain('anna@contoso.example account');
    expect(text).toContain('Microsoft');
    expect(codeIn(text)).toBe('204863');
  });

  it('leaves what is no entity alone, and does not stumble over broken ones', () => {
    expect(textOfHtml('a &unknown; &#99999999; &#x110000; &amp;')).toBe(
      'a &unknown; &#99999999; &#x110000; &',
    );
  });
});
