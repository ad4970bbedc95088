// Opens report pages in Chromium, in both colour schemes, wide and narrow, and holds them against the JSON of the same run.
// Usage: node report.mjs FOLDER SHOTS NAME…    (FOLDER/NAME.html and FOLDER/NAME.json)
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [folder, shots, ...names] = process.argv.slice(2);
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const SIZES = { wide: { width: 1280, height: 1500 }, narrow: { width: 400, height: 1200 } };

const failures = [];
let checks = 0;
const check = (holds, what) => {
  checks += 1;
  if (!holds) failures.push(what);
};

// Text that is less than 4.5 times as light, or as dark, as what lies behind it (WCAG AA). Runs in the page.
const faint = () => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = (top, below) => top.slice(0, 3).map((part, at) => part * top[3] + below[at] * (1 - top[3]));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      if (at instanceof SVGElement && at.tagName !== "svg") {
        const shape = at.tagName === "g" && at.querySelector(":scope > rect, :scope > circle");
        const fill = shape && getComputedStyle(shape).fill;
        if (fill && fill !== "none") layers.push(rgba(fill));
        continue;
      }
      layers.push(rgba(getComputedStyle(at).backgroundColor));
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const found = new Map();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.closest("script, style, title")) continue;
    const style = getComputedStyle(element);
    if (style.visibility !== "visible" || !element.getClientRects().length) continue;
    seen += 1;
    const below = behind(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [luminance(over(rgba(colour), below)), luminance(below)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) {
      const path = `${element.parentElement.className.baseVal ?? element.parentElement.className} > ${element.tagName}`;
      found.set(`${path}.${element.className.baseVal ?? element.className}: ${ratio.toFixed(2)}`, 1);
    }
  }
  return { seen, found: [...found.keys()] };
};

async function open(browser, name, scheme, size) {
  const what = `${name} ${scheme} ${size}`;
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme: scheme });
  const page = await context.newPage();
  const address = pathToFileURL(resolve(folder, `${name}.html`)).href;
  page.on("console", (message) => check(false, `${what}: console: ${message.text()}`));
  page.on("pageerror", (error) => check(false, `${what}: error: ${error}`));
  page.on("dialog", (dialog) => { check(false, `${what}: dialog`); dialog.dismiss(); });
  page.on("request", (request) => {
    if (!request.url().startsWith(address)) check(false, `${what}: request: ${request.url()}`);
  });
  await page.goto(address);
  return { what, page, context };
}

async function visit(browser, name, scheme, size) {
  const { what, page, context } = await open(browser, name, scheme, size);
  for (const part of ["top", "findings", "placements"]) {
    await page.evaluate((id) => document.getElementById(id)?.scrollIntoView(), part);
    await page.screenshot({ path: join(shots, `${name}-${scheme}-${size}-${part}.png`) });
  }
  check(await page.evaluate(() => window.pwned === undefined), `${what}: script of an input ran`);
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  const spill = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(spill <= 0, `${what}: the page scrolls sideways by ${spill} pixels`);
  await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
  const stuck = await page.evaluate(() => [...document.querySelectorAll("body *")].filter((one) =>
    one.scrollWidth > one.clientWidth && getComputedStyle(one).overflowX === "auto" && one.tabIndex !== 0)
    .map((one) => one.className || one.tagName));
  check(stuck.length === 0, `${what}: scrolls, and the keyboard does not reach it: ${stuck.slice(0, 5)}`);
  const { seen, found } = await page.evaluate(faint);
  check(seen > 50, `${what}: only ${seen} texts seen`);
  check(found.length === 0, `${what}: too faint: ${found.slice(0, 12).join("; ")}`);
  await context.close();
}

// What does not depend on colours or size, once for each page.
async function contents(browser, name) {
  const { what, page, context } = await open(browser, name, "light", "wide");
  const json = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
  const wanted = { blocked: 0, undecided: 0, pass: 0, none: 0 };
  for (const one of json.placements.flatMap((placement) => placement.requirements)) {
    const verdicts = { satisfied: "pass", violated: "blocked", undecided: "undecided" };
    wanted[verdicts[one.verdict] ?? "none"] += 1;
  }
  const cells = await page.evaluate(() => {
    const count = (classes) => document.querySelectorAll(classes.map((one) => `td.cell.${one}`).join()).length;
    return { blocked: count(["blocked", "conditional"]), undecided: count(["undecided"]),
      pass: count(["pass", "builtin"]), none: count(["none"]) };
  });
  for (const verdict of Object.keys(wanted)) {
    check(cells[verdict] === wanted[verdict], `${what}: ${cells[verdict]} cells ${verdict}, ${wanted[verdict]} in the JSON`);
  }
  const counts = json.counts;
  check(wanted.blocked === counts.violated && wanted.undecided === counts.undecided && wanted.pass === counts.satisfied,
    `${what}: the JSON counts ${JSON.stringify(counts)}`);
  const { links, lost, twice, foreign } = await page.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    const inside = [...document.querySelectorAll("a[href^='#']")];
    const outside = [...document.querySelectorAll("[href]:not([href^='#']), [src], [srcset], [style], [data]")];
    const handlers = [...document.querySelectorAll("*")].filter((one) => one.getAttributeNames().some((n) => /^on/i.test(n)));
    return {
      links: inside.length,
      lost: inside.map((one) => one.getAttribute("href").slice(1)).filter((id) => !document.getElementById(id)),
      twice: ids.filter((id, at) => ids.indexOf(id) !== at),
      foreign: [...outside.filter((one) => !(one.tagName === "A" && one.href.startsWith("https://"))), ...handlers]
        .map((one) => one.outerHTML.slice(0, 120)),
    };
  });
  check(links > 10, `${what}: only ${links} links`);
  check(lost.length === 0, `${what}: links that lead nowhere: ${lost.slice(0, 5)}`);
  check(twice.length === 0, `${what}: anchors that are there twice: ${twice.slice(0, 5)}`);
  check(foreign.length === 0, `${what}: reaches outside: ${foreign.slice(0, 5)}`);
  const shapes = await page.evaluate(() => ({
    scripts: document.scripts.length,
    unlabelled: [...document.querySelectorAll("th:not([scope]), svg:not([aria-label]), td.cell a:not(:has(.mark))")].length,
    levels: [...document.querySelectorAll("h1, h2, h3, h4")].map((one) => Number(one.tagName[1])),
    wordless: [...document.querySelectorAll(".mark")].filter((one) => !/\w\w|n\/a/.test(one.textContent)).length,
  }));
  check(shapes.scripts === 1, `${what}: ${shapes.scripts} scripts`);
  check(shapes.unlabelled === 0, `${what}: ${shapes.unlabelled} cells or drawings without a label`);
  check(shapes.levels[0] === 1 && shapes.levels.every((level, at) => at === 0 || level <= shapes.levels[at - 1] + 1),
    `${what}: headings skip a level`);
  check(shapes.wordless === 0, `${what}: a verdict without a word`);
  await clicks(page, what);
  await context.close();
}

// The filter, a cell that leads into something folded, and the button that copies.
async function clicks(page, what) {
  const shown = () => page.evaluate(() => [...document.querySelectorAll("td.cell")].filter((one) => one.offsetParent).length);
  const before = await shown();
  await page.click(".filter button[data-show=blocked]");
  const rows = await page.evaluate(() => [...document.querySelectorAll(".matrix tbody tr")].filter((one) => one.offsetParent)
    .every((one) => one.querySelector("td.blocked")));
  check(rows && await shown() < before, `${what}: the filter shows rows without anything blocked`);
  await page.click(".filter button[data-show='']");
  check(await shown() === before, `${what}: the filter does not give everything back`);
  const passing = page.locator("td.cell.builtin a, td.cell.pass a").first();
  if (await passing.count()) {
    await passing.click();
    const open = await page.evaluate(() => document.getElementById(location.hash.slice(1))?.open);
    check(open === true, `${what}: a link does not unfold what it leads to`);
  }
  const copy = page.locator("button.copy").first();
  if (await copy.count()) {
    await copy.click();
    const said = await copy.evaluate((button) => new Promise((done) => {
      const look = (left) => (button.textContent !== "copy" || left === 0 ? done(button.textContent)
        : setTimeout(look, 50, left - 1));
      look(40);
    }));
    check(/copied|selected/.test(said), `${what}: the snippet is not copied: ${said}`);
  }
}

// Without its script the page says the same; only the filter and the buttons are not there.
async function scriptless(browser, name) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(pathToFileURL(resolve(folder, `${name}.html`)).href);
  check(await page.locator("td.cell").first().isVisible(), `${name} without script: no matrix`);
  check(!(await page.locator(".filter").isVisible()), `${name} without script: a filter that does nothing`);
  await context.close();
}

const profile = mkdtempSync(join(tmpdir(), "aznetlint-chromium-"));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args: FLAGS,
  env: { ...process.env, HOME: profile } });
try {
  for (const name of names) {
    await contents(browser, name);
    await scriptless(browser, name);
    for (const scheme of ["light", "dark"])
      for (const size of Object.keys(SIZES)) await visit(browser, name, scheme, size);
  }
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
for (const failure of failures) console.error(`failed: ${failure}`);
console.log(`${names.length} pages, ${checks} checks, ${failures.length} failed`);
process.exit(failures.length === 0 && checks > 0 ? 0 : 1);
