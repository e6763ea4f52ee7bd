// Goes through a page by the Tab key alone.
'use strict';

const CONTROLS = 'a[href], button, input:not([type=hidden]), textarea, summary, [tabindex="0"]';

// Every control must be reached, be seen when it has the focus, and show that it has.
async function walk(page) {
  const count = await page.evaluate((controls) => {
    const isThere = (one) => one.tabIndex >= 0 && one.checkVisibility({ contentVisibilityAuto: true });
    const all = [...document.querySelectorAll(controls)].filter(isThere);
    all.forEach((one) => { one.dataset.due = ''; });
    document.activeElement?.blur();
    window.scrollTo(0, 0);
    return all.length;
  }, CONTROLS);
  const faults = [];
  for (let step = 0; step < count + 5; step += 1) {
    await page.keyboard.press('Tab');
    const fault = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body || !('due' in one.dataset)) return null;
      delete one.dataset.due;
      const place = one.getBoundingClientRect();
      const style = getComputedStyle(one);
      const name = `${one.tagName.toLowerCase()} “${(one.textContent || one.name || one.id).trim().slice(0, 40)}”`;
      if (place.bottom <= 0 || place.top >= innerHeight || place.right <= 0 || place.left >= innerWidth) {
        return `${name} has the focus out of sight`;
      }
      if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return `${name} does not show the focus`;
      return null;
    });
    if (fault) faults.push(fault);
  }
  const left = await page.evaluate(() => [...document.querySelectorAll('[data-due]')].map((one) => one.outerHTML.slice(0, 100)));
  return faults.concat(left.map((one) => `the keyboard does not reach ${one}`));
}

module.exports = { walk };
