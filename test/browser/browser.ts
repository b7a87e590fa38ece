import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';

/* Debian's Chromium, driven by playwright-core, which brings no browser of its own. */

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const ARGUMENTS = [
  // Chromium refuses to run as root with its sandbox, and containers run as root.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser of one test file. */
export const useBrowser = (): (() => Browser) => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!existsSync(executablePath))
      throw new Error(
        `There is no Chromium at ${executablePath}: apt-get install chromium, or say in CHROMIUM_PATH where it is`,
      );
    browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  });
  afterAll(async () => {
    await browser?.close();
  });
  return () => {
    if (!browser) throw new Error('The browser is not running');
    return browser;
  };
};

export interface Observed {
  readonly page: Page;
  /** Errors on the console, where failed requests stand too, and uncaught ones. */
  readonly problems: readonly string[];
  /** Names of the hosts that were asked for anything. */
  readonly hosts: ReadonlySet<string>;
  /** URLs for which the browser asked leave to send a cross-origin request. */
  readonly preflights: readonly string[];
  /** Text of every frame received over a WebSocket. */
  readonly frames: readonly string[];
  /** How many WebSockets were opened. */
  readonly sockets: () => number;
}

/** A page with storage of its own, and what it does, from its first request on. */
export const openPage = async (browser: Browser): Promise<Observed> => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  // Shorter than a test may take: what was waited for says more than that the test took too long.
  page.setDefaultTimeout(10_000);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));

  const hosts = new Set<string>();
  page.on('request', (request) => hosts.add(new URL(request.url()).hostname));

  const preflights: string[] = [];
  // Playwright's own events leave preflights out.
  const devTools = await page.context().newCDPSession(page);
  devTools.on('Network.requestWillBeSent', ({ request }) => {
    if (request.method === 'OPTIONS') preflights.push(request.url);
  });
  await devTools.send('Network.enable');

  const frames: string[] = [];
  let sockets = 0;
  page.on('websocket', (socket) => {
    sockets += 1;
    hosts.add(new URL(socket.url()).hostname);
    socket.on('framereceived', ({ payload }) => frames.push(String(payload)));
  });
  return { page, problems, hosts, preflights, frames, sockets: () => sockets };
};
