import { expect } from '@playwright/test';
import { hasKey } from '../console/keys.ts';
import { newPassword, weakPassword } from './new-password.ts';

describe('newPassword', () => {
  const many = Array.from({ length: 500 }, () => newPassword().reveal());

  it('has characters of all four classes, each with a key and none that looks like another', () => {
    for (const password of many) {
      for (const one of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]) expect(password).toMatch(one);
      expect(password).not.toMatch(/[0OoIl1|5Ss2Zz8B]/);
      expect(Array.from(password).every(hasKey)).toBe(true);
    }
  });

  it('never makes the same twice, and none that is too short', () => {
    expect(new Set(many).size).toBe(many.length);
    expect(newPassword(24).reveal()).toHaveLength(24);
    expect(() => newPassword(15)).toThrow(/at least 16/);
  });

  it('does not print itself', () => {
    expect(String(newPassword())).toBe('***');
  });

  it('makes a weak one that lacks nothing but length', () => {
    const weak = weakPassword().reveal();
    expect(weak).toHaveLength(7);
    for (const one of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]) expect(weak).toMatch(one);
  });
});
