import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { userOf, useStack } from '../helpers/stack.ts';
import { openPage, useBrowser, type Observed } from './browser.ts';

/* The GraphiQL page, used as a person uses it. */

const stackOf = useStack({ webui: { arguments: ['--profile', 'demo'] } });
const browserOf = useBrowser();

const openGraphiql = async (): Promise<Observed> => {
  const observed = await openPage(browserOf());
  await observed.page.goto(stackOf().urls.graphiql);
  await executeButton(observed.page).waitFor();
  return observed;
};

const executeButton = (page: Page) => page.getByRole('button', { name: 'Execute query' });

/** One of the operations in the editor. */
const execute = async (page: Page, name: 'Watch' | 'Submit'): Promise<void> => {
  await executeButton(page).click();
  await page.getByRole('menuitem', { name }).click();
};

const resultOf = (page: Page) => page.getByRole('region', { name: 'Result Window' });

const startWatching = async (page: Page): Promise<void> => {
  await execute(page, 'Watch');
  await resultOf(page).getByText('subscribed, waiting').waitFor();
};

describe('GraphiQL', () => {
  it('is pushed what becomes of a task that was submitted in another window', async () => {
    const watching = await openGraphiql();
    const submitting = await openGraphiql();
    await startWatching(watching.page);
    await execute(submitting.page, 'Submit');
    await resultOf(submitting.page).getByText('QUEUED').waitFor();

    const result = resultOf(watching.page);
    await result.getByText('SUCCEEDED').waitFor();
    // Over an image's URL, GraphiQL shows the image.
    await result.getByText(`${stackOf().urls.cdn}/images/`).hover();
    await watching.page.getByText('512x512 image/png').waitFor();
    for (const { problems, hosts } of [watching, submitting]) {
      expect(problems).toEqual([]);
      expect(hosts).toEqual(new Set(['127.0.0.1']));
    }
  });

  it('closes its socket when the subscription is stopped', async () => {
    const { page } = await openGraphiql();
    const opened = page.waitForEvent('websocket');
    await startWatching(page);
    const closed = (await opened).waitForEvent('close');
    await page.getByRole('button', { name: 'Stop query' }).click();
    await closed;
    await executeButton(page).waitFor();
  });

  it('acts as the user whose token stands under Headers', async () => {
    const { page } = await openGraphiql();
    await page.getByRole('button', { name: 'Headers' }).click();
    await page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden)').click();
    await page.keyboard.insertText(JSON.stringify({ Authorization: await stackOf().token({ sub: 'ann' }) }));
    await execute(page, 'Submit');
    await resultOf(page).getByText('QUEUED').waitFor();
    expect((await userOf(stackOf(), 'ann').list()).items).toHaveLength(1);
  });

  it('posts a mutation whose prompt speaks of a subscription', async () => {
    const { page, sockets } = await openGraphiql();
    await page.locator('.graphiql-query-editor').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(
      'mutation { submitTask(input: { txt2img: { prompt: "my subscription" } }) { status } }',
    );
    // The button has a menu until the editor's new text has been parsed.
    await page.locator('.graphiql-execute-button:not([aria-haspopup])').click();
    await resultOf(page).getByText('QUEUED').waitFor();
    expect(sockets()).toBe(0);
  });
});
