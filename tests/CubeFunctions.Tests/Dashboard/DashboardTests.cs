using CubeFunctions.Core.Model;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Dashboard;

/// <summary>The dashboard in a real browser, before an app that asks for keys as the Functions host does.</summary>
public sealed class DashboardTests(DashboardFixture fixture) : IClassFixture<DashboardFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("empty", false, 1440)]
    [InlineData("calm", false, 1440)]
    [InlineData("running", true, 1440)]
    [InlineData("failures", false, 1440)]
    [InlineData("failures", true, 1440)]
    [InlineData("failures", false, 390)]
    [InlineData("many", true, 1440)]
    [InlineData("many", false, 390)]
    public async Task It_is_accessible_fits_and_reports_no_error(string tenant, bool dark, int width)
    {
        var (_, http) = await LookAtAsync(tenant);
        await using var page = await (
            await fixture.OpenAsync(http, dark: dark, width: width, height: width < 500 ? 844 : 960)
        ).ReadyAsync();
        await page.KeepPictureAsync($"dashboard-{tenant}{(dark ? "-dark" : "")}{(width < 500 ? "-phone" : "")}");
        Assert.Contains(
            tenant switch
            {
                "empty" => "Nothing has been read yet",
                "calm" or "running" => "All is fresh",
                "failures" => "things need attention",
                _ => "2,000 of 2,000",
            },
            await page.TextAsync(),
            StringComparison.Ordinal
        );
        await page.AssertFitsAsync();
        if (tenant is not ("empty" or "calm"))
        {
            await page.Page.GetByRole(Microsoft.Playwright.AriaRole.Searchbox).FillAsync("winter");
        }

        await page.AssertAccessibleAsync();
        page.AssertNoErrors();
    }

    [Fact]
    public async Task It_shows_what_the_status_says()
    {
        var (_, http) = await LookAtAsync("failures");
        await using var page = await (await fixture.OpenAsync(http)).ReadyAsync();
        var text = await page.TextAsync();
        foreach (
            var shown in new[]
            {
                "Welcome calls Oslo · responses, Loyalty Oslo · responses",
                "Forbidden: Cube answers 403",
                "Cube counts 1,204 and gives 1,202",
                "412 records are absent",
                "Cube answered 429",
                "asked by campaign 120 responses",
                "the receiver answers 422",
                "Cube refuses email",
                "2,004 records read, Cube counts 2,011",
            }
        )
        {
            Assert.Contains(shown, text, StringComparison.Ordinal);
        }

        Assert.Matches("oldest [67] min", text);
        Assert.Equal("(14) CubeFunctions", await page.Page.TitleAsync());
        await page.Page.GetByRole(Microsoft.Playwright.AriaRole.Searchbox).FillAsync("loyalty oslo responses");
        var cell = Assert.Single(await page.Page.GetByRole(Microsoft.Playwright.AriaRole.Gridcell).AllAsync());
        Assert.Contains(
            "Loyalty Oslo (109), responses: stale, proven 5 h ago, complete through",
            await cell.GetAttributeAsync("aria-label"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_map_of_many_scopes_is_walked_with_the_arrow_keys()
    {
        var (_, http) = await LookAtAsync("many");
        await using var page = await (await fixture.OpenAsync(http)).ReadyAsync();
        Assert.Equal(2000, await page.Page.GetByRole(Microsoft.Playwright.AriaRole.Gridcell).CountAsync());
        var first = page.Page.GetByRole(Microsoft.Playwright.AriaRole.Grid).First.GetByRole(Microsoft.Playwright.AriaRole.Gridcell).First;
        await first.FocusAsync();
        var name = await page.FocusedAsync();
        await page.PressAsync("ArrowRight");
        var next = await page.FocusedAsync();
        Assert.NotEqual(name, next);
        Assert.Equal(next, await page.Page.Locator("#cell").InnerTextAsync());
        await page.PressAsync("ArrowDown");
        await page.PressAsync("Home");
        Assert.Equal(name, await page.FocusedAsync());
        page.AssertNoErrors();
    }

    [Fact]
    public async Task Everything_that_can_be_done_is_done_by_the_keyboard_alone()
    {
        var (app, http) = await fixture.StartAsync(async app =>
        {
            await Tenants.FillAsync(app, 40);
            await Tenants.SpoilAsync(app);
            await Tenants.BeginRunAsync(app, 10, 30);
        });
        await using var disposeApp = app;
        await using var disposeHttp = http;
        await using var page = await (await fixture.OpenAsync(http, $"#key={DashboardFixture.ReadKey}")).ReadyAsync();

        // The first acting asks for a key that may act, the others do not.
        await page.TabToAsync("Lift: Requests to Cube");
        await page.PressAsync("Enter");
        await page.SaysAsync("The key that opened this page may read, but not act.");
        await page.Page.Keyboard.TypeAsync(DashboardFixture.ActKey);
        await page.PressAsync("Enter");
        await page.SaysAsync("Lifted.");
        Assert.Null(await Tenants.Flag(app, "cube").GetAsync(Token));

        await page.TabToAsync("Replay: Energy Oslo · sms");
        Assert.DoesNotContain("Lift: Requests to Cube", await page.TextAsync(), StringComparison.Ordinal);
        await page.PressAsync("Enter");
        await page.SaysAsync("A run reads them again.");
        Assert.Contains(await app.Get<RunReader>().RecentAsync(1, Token), run => run.Kind == RunKind.Manual && run.Campaigns == "112");

        await page.TabToAsync("Release: Assignment 14 · customers: 412 records are absent");
        await page.PressAsync("Enter");
        await page.SaysAsync("Are these deletions true?");
        await page.PressAsync("Escape");
        await page.IdleAsync();
        await page.PressAsync("Enter");
        await page.SaysAsync("Are these deletions true?");
        await page.PressAsync("Enter");
        await page.SaysAsync("Released: the next reading publishes them.");
        Assert.Equal(
            "Waiting",
            (
                await app.Storage.Changes.GetEntityAsync<Azure.Data.Tables.TableEntity>(
                    "held-back",
                    "customers|assignment=14",
                    cancellationToken: Token
                )
            ).Value.GetString("State")
        );

        await page.TabToAsync("Drop: dataverse · 000000a27e7a");
        await page.PressAsync("Enter");
        await page.SaysAsync("Give it up?");
        await page.PressAsync("Enter");
        await page.SaysAsync("Given up.");
        Assert.Equal(
            "Dropped",
            (
                await app.Storage.Upserts.GetEntityAsync<Azure.Data.Tables.TableEntity>(
                    $"{6:x32}",
                    $"{0xa27e7a:x32}",
                    cancellationToken: Token
                )
            ).Value.GetString("State")
        );

        await page.TabToAsync("Accept: Insurance Oslo · responses · 2026-11-20");
        await page.PressAsync("Enter");
        await page.SaysAsync("Accept this gap?");
        await page.Page.Keyboard.TypeAsync("Kari");
        await page.PressAsync("Enter");
        await page.SaysAsync("Accepted: it is read no more.");
        Assert.Equal("Kari", (await app.Get<GapControl>().ListAsync(Token)).Single().AcceptedBy);

        var open = (await app.Get<StatusReader>().ReadAsync(Token)).Runs.Single(run => run.Status == "Running" && run.Kind == "Scheduled");
        Assert.Equal((40, 10, 6), (open.Items, open.Succeeded, open.InHand));
        await page.TabToAsync(
            (
                await page
                    .Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { NameRegex = new("^Cancel: Scheduled") })
                    .GetAttributeAsync("aria-label")
            )!
        );
        await page.PressAsync("Enter");
        await page.SaysAsync("Cancel this run?");
        await page.PressAsync("Enter");
        await page.SaysAsync("Cancelled: no page is read after a few seconds.");
        Assert.Equal(RunStatus.Cancelled, (await app.Get<RunReader>().FindManifestAsync(open.RunId, Token))!.Status);
        AtLeastOne.All(page.Errors, error => Assert.Contains("401", error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_campaign_that_is_named_like_markup_is_text()
    {
        const string Name = "<script>alert(1)</script><img src=x onerror=alert(2)>";
        var (app, http) = await fixture.StartAsync(app => Tenants.FillAsync(app, 2, Name));
        await using var disposeApp = app;
        await using var disposeHttp = http;
        await using var page = await (await fixture.OpenAsync(http)).ReadyAsync();
        page.Page.Dialog += (_, dialog) => page.Errors.Enqueue(dialog.Message);
        Assert.Contains(Name, await page.TextAsync(), StringComparison.Ordinal);
        Assert.Equal((1, 0), (await page.Page.Locator("script").CountAsync(), await page.Page.Locator("img").CountAsync()));
        page.AssertNoErrors();

        // Not even its own script could do it: what is no script of this page does not run.
        var refused = await page.Page.EvaluateAsync<string>(
            "() => { try { document.body.innerHTML = '<b>x</b>'; return 'taken'; } catch (error) { return error.name; } }"
        );
        Assert.Equal("TypeError", refused);
    }

    [Fact]
    public async Task A_wrong_key_opens_nothing_and_the_right_one_leaves_the_address_and_is_kept_nowhere()
    {
        var (_, http) = await LookAtAsync("calm");
        await using var page = await fixture.OpenAsync(http, "#key=wrong");
        await page.SaysAsync("This key is not accepted.");
        Assert.DoesNotContain("Winter", await page.Page.ContentAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", page.Page.Url, StringComparison.Ordinal);
        Assert.Equal(0, (await http.Client.GetAsync(new Uri("status", UriKind.Relative), Token)).Content.Headers.ContentLength);

        await page.Page.Keyboard.TypeAsync(DashboardFixture.ReadKey);
        await page.PressAsync("Enter");
        await page.ReadyAsync();
        Assert.Contains("Winter offers", await page.TextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("#", page.Page.Url, StringComparison.Ordinal);
        var kept = await page.Page.EvaluateAsync<string>(
            "() => JSON.stringify([localStorage, sessionStorage, document.cookie, history.state, document.documentElement.outerHTML, Object.keys(window)])"
        );
        Assert.DoesNotContain(DashboardFixture.ReadKey, kept, StringComparison.Ordinal);

        // A key that is taken away meanwhile takes what is shown with it.
        await page.Page.EvaluateAsync("() => { location.hash = 'key=other'; }");
        await page.SaysAsync("This key is not accepted.");
        Assert.DoesNotContain("Winter", await page.Page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_key_cannot_act_and_is_told_so()
    {
        var (app, http) = await LookAtAsync("running");
        await using var page = await (await fixture.OpenAsync(http)).ReadyAsync();
        await page.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Start a run" }).ClickAsync();
        await page.SaysAsync("The key that opened this page may read, but not act.");
        await page.Page.Keyboard.TypeAsync(DashboardFixture.ReadKey + "x");
        await page.PressAsync("Enter");
        await page.SaysAsync("That key may not do this either.");
        await page.PressAsync("Escape");
        await page.SaysAsync("Not done: no key that may act.");
        Assert.DoesNotContain(await app.Get<RunReader>().RecentAsync(1, Token), run => run.Status == RunStatus.Planning);
        Assert.DoesNotContain(page.Answers, answer => answer.Path == "/api/runs" && answer.Status != 401);
    }

    [Fact]
    public async Task It_asks_again_with_the_tag_and_says_when_the_app_does_not_answer()
    {
        var (_, http) = await LookAtAsync("calm");
        await using var page = await (await fixture.OpenAsync(http)).ReadyAsync();
        await page.Page.EvaluateAsync("() => document.dispatchEvent(new Event('visibilitychange'))");
        await WaitFor.TrueAsync(() => Task.FromResult(page.Answers.Contains(("/api/status", 304))), TimeSpan.FromSeconds(10));
        page.AssertNoErrors();
        await page.Page.RouteAsync("**/api/status", route => route.AbortAsync());
        await page.Page.EvaluateAsync("() => document.dispatchEvent(new Event('visibilitychange'))");
        await page.SaysAsync("The app does not answer. What is shown is from");
        Assert.Contains("Winter offers", await page.TextAsync(), StringComparison.Ordinal);
        await page.KeepPictureAsync("dashboard-away");
        await page.AssertAccessibleAsync();
        await page.Page.UnrouteAsync("**/api/status");
        await page.Page.EvaluateAsync("() => document.dispatchEvent(new Event('visibilitychange'))");
        await page.Page.Locator("#trouble").WaitForAsync(new() { State = Microsoft.Playwright.WaitForSelectorState.Hidden });
    }

    private Task<(TestApp App, TestHttp Http)> LookAtAsync(string tenant) =>
        fixture.LookAtAsync(
            tenant,
            async app =>
            {
                if (tenant != "empty")
                {
                    await Tenants.FillAsync(
                        app,
                        tenant switch
                        {
                            "calm" => 12,
                            "many" => 500,
                            _ => 96,
                        }
                    );
                }

                if (tenant == "failures")
                {
                    await Tenants.SpoilAsync(app);
                }

                if (tenant is "running" or "failures")
                {
                    await Tenants.BeginRunAsync(app, 52, 44);
                }
            }
        );
}
