// The ways from page to page: the other language at the same place, finding, and feedback.
'use strict';

// The switch beside a heading leads to the same heading.
async function tryLanguages(page, release) {
  const faults = [];
  for (const [stem, id] of [['release', 'quality'], ['metric-ad-012', 'years'], ['authority-w06000003', 'where-from']]) {
    await page.goto(`${release}/${stem}.en.html#${id}`);
    await Promise.all([page.waitForNavigation(), page.click(`a.language[aria-describedby="${id}"]`)]);
    const there = await page.evaluate(() => {
      const target = document.querySelector(':target');
      return { url: location.href, language: document.documentElement.lang, top: target?.getBoundingClientRect().top };
    });
    if (!there.url.endsWith(`/${stem}.cy.html#${id}`) || there.language !== 'cy' || !(there.top >= 0 && there.top < 400)) {
      faults.push(`the switch at ${stem}#${id} leads to ${JSON.stringify(there)}`);
    }
  }
  return faults;
}

// Both forms work by keyboard and without a script.
async function tryForms(page, base, release) {
  const faults = [];
  await page.goto(`${base}${release}/release.en.html`);
  await page.focus('#find');
  await page.keyboard.type('ynys mon');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  const found = await page.evaluate(() => [...document.querySelectorAll('main li a')].map((one) => one.textContent));
  if (found.length !== 1 || found[0] !== 'Isle of Anglesey') faults.push(`“ynys mon” finds ${found}`);

  await page.goto(`${base}${release}/metric-ad-012.cy.html`);
  await page.focus('.feedback summary');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Diolch.');
  await page.keyboard.press('Tab');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  const thanks = await page.$eval('h1', (one) => one.textContent);
  if (!thanks.startsWith('Diolch.')) faults.push(`feedback is answered with “${thanks}”`);
  const cookies = await page.cookies();
  if (cookies.length > 0) faults.push('a cookie was set');
  return faults;
}

module.exports = { tryForms, tryLanguages };
