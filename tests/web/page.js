// What one page must keep in a browser.
'use strict';

const { source } = require('axe-core');

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function checkPage(page, language, width) {
  const faults = [];
  // What is folded away is read too.
  await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
  await page.evaluate(source);
  const results = await page.evaluate((rules) => globalThis.axe.run({ runOnly: rules }), RULES);
  for (const violation of results.violations) {
    const where = violation.nodes.slice(0, 3).map((node) => node.target.join(' ')).join('; ');
    faults.push(`${violation.id}: ${violation.help} (${violation.nodes.length}): ${where}`);
  }
  const seen = await page.evaluate(() => ({
    language: document.documentElement.lang,
    width: document.documentElement.scrollWidth,
    scripts: document.scripts.length,
    charts: [...document.querySelectorAll('svg.chart')].filter((one) => !one.closest('section, figure').querySelector('table')).length,
  }));
  await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = false; }));
  if (seen.language !== language) faults.push(`its language is ${seen.language}`);
  if (seen.width > width) faults.push(`it is ${seen.width} pixels wide and scrolls both ways`);
  if (seen.scripts > 0) faults.push('it has a script');
  if (seen.charts > 0) faults.push(`${seen.charts} charts have no table`);
  return faults;
}

module.exports = { checkPage };
