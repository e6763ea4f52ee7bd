// Reads every kind of page in both languages at two widths. Takes the browser's path and, if wanted,
// a folder for screenshots; waits on its input for the address of the releases.
'use strict';

const readline = require('node:readline');
const puppeteer = require('puppeteer-core');
const { checkPage } = require('./page.js');
const { walk } = require('./keyboard.js');
const { tryForms, tryLanguages } = require('./ways.js');

const RELEASE = '/releases/pif-2022-23';
const PAGES = {
  en: ['/', '/find?q=conwy', '/nothing', `${RELEASE}/release.en.html`, `${RELEASE}/contents.en.html`,
    `${RELEASE}/metric-ad-001.en.html`, `${RELEASE}/metric-ad-012.en.html`,
    `${RELEASE}/metric-ch-037.en.html`, `${RELEASE}/authority-w06000003.en.html`],
  cy: ['/cy/', '/find?q=conwy&lang=cy', `${RELEASE}/release.cy.html`, `${RELEASE}/contents.cy.html`,
    `${RELEASE}/metric-ad-001.cy.html`, `${RELEASE}/metric-ad-012.cy.html`,
    `${RELEASE}/metric-ch-037.cy.html`, `${RELEASE}/authority-w06000003.cy.html`],
};
const WIDTHS = [1200, 320];

async function main() {
  const [browserPath, screenshots] = process.argv.slice(2);
  const base = await announced();
  const browser = await puppeteer.launch({
    executablePath: browserPath,
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });
  const faults = [];
  let read = 0;
  try {
    for (const [language, paths] of Object.entries(PAGES)) {
      for (const path of paths) {
        for (const width of WIDTHS) {
          const page = await browser.newPage();
          await page.setViewport({ width, height: 900 });
          await page.goto(base + path, { waitUntil: 'load' });
          const found = await checkPage(page, language, width);
          found.push(...await walk(page));
          faults.push(...found.map((fault) => `${path} at ${width}: ${fault}`));
          if (screenshots) {
            const name = `${path.replace(/[^a-z0-9-]+/g, '_')}-${width}.png`;
            await page.screenshot({ path: `${screenshots}/${name}`, fullPage: true });
          }
          await page.close();
          read += 1;
        }
      }
    }
    const page = await browser.newPage();
    faults.push(...await tryLanguages(page, base + RELEASE));
    faults.push(...await tryForms(page, base, RELEASE));
  } finally {
    await browser.close();
  }
  if (faults.length > 0) {
    console.error(faults.join('\n'));
    process.exit(1);
  }
  console.log(`${read} pages read, at ${WIDTHS.join(' and ')} pixels: nothing found by axe-core, every control reached by keyboard`);
  process.exit(0);
}

// The address in the line that the demonstration ends with.
async function announced() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const found = /The releases are at (http:\S+)\/ until/.exec(line);
    if (found) {
      return found[1];
    }
  }
  throw new Error('the demonstration ended before it served');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
