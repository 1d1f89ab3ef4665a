import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embeddedJson, escapeHtml, html, inline } from '../../../cli/report/html.ts';
import { httpsLink } from '../../../cli/report/input.ts';
import { hostile } from './fixture.ts';

describe('escapeHtml', () => {
  it('leaves nothing that could start a tag, an entity or end an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeHtml(text).replace(/&(?:amp|lt|gt|quot|#39);/g, '')).not.toMatch(/[&<>"']/);
      }),
    );
  });

  it('shows bidirectional and control characters as escapes', () => {
    expect(escapeHtml('a\u202eb\u0000c')).toBe('a\\u{202e}b\\u{0}c');
  });
});

describe('html', () => {
  it('escapes values and leaves its own results as they are', () => {
    expect(html`<p>${'<b>'}${html`<i>${'&'}</i>`}</p>`.text).toBe('<p>&lt;b&gt;<i>&amp;</i></p>');
  });

  it('joins lists, and leaves out null and undefined', () => {
    expect(html`${[html`<li>`, 1, null, undefined, 'x']}`.text).toBe('<li>1x');
  });
});

describe('embeddedJson', () => {
  it('has no character that could end a script element or a line of script', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(embeddedJson(JSON.parse(json)).text).not.toMatch(/[<>&\u2028\u2029]/);
      }),
    );
  });

  it('is still the same JSON', () => {
    expect(JSON.parse(embeddedJson(hostile).text)).toEqual(hostile);
  });
});

describe('inline', () => {
  it('refuses a script that would end its own element', () => {
    expect(() => inline('script', "x = '</SCRIPT>'")).toThrow('would end its own element');
  });
});

describe('httpsLink', () => {
  it.each([
    'javascript:alert(1)',
    'http://example.com',
    'data:text/html,x',
    '//example.com',
    'not an address',
    '',
  ])('refuses %s', (url) => {
    expect(httpsLink(url)).toBeUndefined();
  });

  it('accepts an https: address', () => {
    expect(httpsLink('https://docs.aws.amazon.com/kms/')).toBe('https://docs.aws.amazon.com/kms/');
  });
});
