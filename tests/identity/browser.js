// A browser as far as letting a device in needs one: pages, forms, cookies.

import assert from 'node:assert/strict';

export class Browser {
  #cookies = new Map();

  async #ask(url, options = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...options,
      headers: { ...options.headers, cookie },
      redirect: 'manual',
    });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    const location = response.headers.get('location');
    if (location) return this.#ask(new URL(location, url));
    const text = await response.text();
    assert.ok(response.status < 500, `${url}: ${response.status} ${text}`);
    return { url: String(url), text };
  }

  open(url) {
    return this.#ask(url);
  }

  // Sends the form of a page, with what stands in it already.
  submit(page, typed = {}, method = 'POST') {
    const [, form] = page.text.match(/(<form[\s\S]*?<\/form>)/) ?? [];
    assert.ok(form, `no form on ${page.url}: ${page.text}`);
    const action = form.match(/action="([^"]*)"/)?.[1] ?? page.url;
    const fields = new URLSearchParams();
    for (const [input] of form.matchAll(/<(?:input|button)[^>]*>/g)) {
      const name = input.match(/name="([^"]*)"/)?.[1];
      if (name && !/type="submit"/.test(input)) {
        fields.set(name, input.match(/value="([^"]*)"/)?.[1] ?? '');
      }
    }
    for (const [name, value] of Object.entries(typed)) fields.set(name, value);
    return this.#ask(new URL(action, page.url), {
      method,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: fields.toString(),
    });
  }
}

// Lets the device with this code in as somebody, or refuses.
export async function letIn(url, code, name, { refuse = false } = {}) {
  const browser = new Browser();
  let page = await browser.open(url);
  page = await browser.submit(page, { user_code: code });
  if (refuse) return browser.submit(page, { abort: 'yes' });
  page = await browser.submit(page, { confirm: 'yes' });
  page = await browser.submit(page, { login: name, password: 'any' });
  return browser.submit(page);
}
