using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace CubeFunctions.Tests.Dashboard;

/// <summary>The dashboard in a window of its own, with what the browser said meanwhile.</summary>
internal sealed class DashboardPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;

    private DashboardPage(IBrowserContext context, IPage page) => (_context, Page) = (context, page);

    public IPage Page { get; }

    /// <summary>Errors of the console and of the script; the page's own policy complains here, too.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    /// <summary>Statuses of what was asked, by path.</summary>
    public ConcurrentQueue<(string Path, int Status)> Answers { get; } = new();

    public static async Task<DashboardPage> OpenAsync(IBrowserContext context, Uri address)
    {
        var page = await context.NewPageAsync();
        var opened = new DashboardPage(context, page);
        page.SetDefaultTimeout(15_000);
        page.Console += (_, message) => opened.AddIf(message.Type == "error", message.Text);
        page.PageError += (_, error) => opened.AddIf(true, error);
        page.Response += (_, response) => opened.Answers.Enqueue((new Uri(response.Url).AbsolutePath, response.Status));
        await page.GotoAsync(address.ToString());
        return opened;
    }

    /// <summary>Waits until the status is shown.</summary>
    public async Task<DashboardPage> ReadyAsync()
    {
        await Page.Locator("#tiles li").First.WaitForAsync();
        return this;
    }

    public Task<string> TextAsync() => Page.Locator("body").InnerTextAsync();

    /// <summary>Goes to a control by Tab alone.</summary>
    public async Task TabToAsync(string name)
    {
        for (var i = 0; i < 80; i++)
        {
            await Page.Keyboard.PressAsync("Tab");
            if (await FocusedAsync() == name)
            {
                return;
            }
        }

        Assert.Fail($"Tab does not reach '{name}'");
    }

    /// <summary>The accessible name of what has the focus.</summary>
    public Task<string> FocusedAsync() =>
        Page.EvaluateAsync<string>("() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()");

    public Task PressAsync(string key) => Page.Keyboard.PressAsync(key);

    /// <summary>Waits until nothing is being done.</summary>
    public Task IdleAsync() => Page.Locator("[aria-disabled]").First.WaitForAsync(new() { State = WaitForSelectorState.Detached });

    /// <summary>Waits until something says this.</summary>
    public Task SaysAsync(string text) => Page.GetByText(text).First.WaitForAsync();

    /// <summary>Asks axe-core, which looks at each cell for milliseconds: of a map of thousands a few will do.</summary>
    public async Task AssertAccessibleAsync() =>
        Assert.Empty(
            (await Page.RunAxe()).Violations.Select(violation =>
                $"{violation.Id}: {violation.Nodes.FirstOrDefault()?.Html} {violation.Help}"
            )
        );

    /// <summary>Fails where the page is wider than the window.</summary>
    public async Task AssertFitsAsync() =>
        Assert.Empty(
            await Page.EvaluateAsync<string[]>(
                """
                () => document.documentElement.scrollWidth <= innerWidth ? []
                    : [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > innerWidth + 1).map((element) => element.outerHTML.slice(0, 120))
                """
            )
        );

    public void AssertNoErrors() => Assert.Empty(Errors);

    /// <summary>Keeps a picture in the folder that <c>CUBE_PICTURES</c> names.</summary>
    public async Task KeepPictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("CUBE_PICTURES") is { Length: > 0 } folder)
        {
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png") });
        }
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    private void AddIf(bool condition, string text)
    {
        if (condition)
        {
            Errors.Enqueue(text);
        }
    }
}
