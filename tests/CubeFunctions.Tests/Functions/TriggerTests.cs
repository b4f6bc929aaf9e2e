using System.Reflection;
using System.Text.Json;
using Azure.Storage.Queues.Models;
using Cube.Simulator;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Storage;
using CubeFunctions.Local.Hosting;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary>The triggers of the deployed app: names, sources, and that each reaches its handler.</summary>
public sealed class TriggerTests(AzuriteFixture azurite)
{
    /// <summary>What the outside depends on.</summary>
    internal static readonly string[] Expected =
    [
        "AcceptGap: http function post gaps/{id}/accept",
        "CancelRun: http function post runs/{id}/cancel",
        "DeliverChanges: queue cube-changes on CubeStorage",
        "DeliverChangesPoison: queue cube-changes-poison on CubeStorage",
        "DeliverUpserts: queue cube-upserts on CubeStorage",
        "DeliverUpsertsPoison: queue cube-upserts-poison on CubeStorage",
        "DropDead: http function post drop",
        "ErasePerson: http function post erasures",
        "GetDashboard: http anonymous get dashboard",
        "GetErasure: http function get erasures/{id}",
        "GetOpenApi: http function get openapi.json",
        "GetRun: http function get runs/{id}",
        "GetStatus: http function get status",
        "GetUpsert: http function get upserts/{id}",
        "Health: http anonymous get health",
        "HealthLive: http anonymous get health/live",
        "HealthReady: http anonymous get health/ready",
        "LiftPause: http function delete pauses/{name}",
        "ListGaps: http function get gaps",
        "ListPauses: http function get pauses",
        "ListRuns: http function get runs",
        "PostCustomers: http function post assignments/{assignmentId}/customers",
        "ProbeCube: http function get probe",
        "ReceiveWebhook: http anonymous post webhooks/{sender}",
        "ReplayDead: http function post replay",
        "StartRun: http function post runs",
        "StartSnapshot: timer %Sync:SnapshotSchedule%",
        "StartSync: timer %Sync:Schedule%",
        "SweepStaleWork: timer 0 */5 * * * *",
        "SyncFeed: queue cube-sync on CubeStorage",
        "SyncFeedPoison: queue cube-sync-poison on CubeStorage",
    ];

    [Fact]
    public void Every_function_has_its_name_and_its_trigger() =>
        Assert.Equal(Expected, Functions().Select(Describe).Order(StringComparer.Ordinal));

    [Theory]
    [OverGenerations]
    public async Task Each_function_called_by_the_real_provider_reaches_its_handler(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions { Campaigns = 1, CustomersPerAssignment = 20 }.EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            null,
            ("Changes__Crm__Url", "http://127.0.0.1:1/"),
            ("Changes__Crm__Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        );
        await PlanDeliveryAsync(app);
        var checks = new Dictionary<string, Func<object?, Task>>
        {
            ["StartSync"] = _ => HasRunAsync(app, "Scheduled"),
            ["StartSnapshot"] = _ => HasRunAsync(app, "Snapshot"),
            ["SweepStaleWork"] = _ => Task.CompletedTask,
            ["SyncFeed"] = _ => ItemEndedAsync(app, "Succeeded"),
            ["SyncFeedPoison"] = _ => PoisonIsCountedAsync(app),
            ["Health"] = result => AnswersAsync(app, result, 200),
            ["HealthLive"] = result => AnswersAsync(app, result, 200),
            ["HealthReady"] = result => AnswersAsync(app, result, 200),
            ["GetOpenApi"] = result => AnswersAsync(app, result, 200),
            ["GetDashboard"] = result => AnswersAsync(app, result, 200),
            ["GetStatus"] = result => AnswersAsync(app, result, 200),
            ["ListRuns"] = result => AnswersAsync(app, result, 200),
            ["ListGaps"] = result => AnswersAsync(app, result, 200),
            ["AcceptGap"] = result => AnswersAsync(app, result, 400),
            ["ProbeCube"] = result => AnswersAsync(app, result, 200),
            ["ListPauses"] = result => AnswersAsync(app, result, 200),
            ["GetRun"] = result => AnswersAsync(app, result, 404),
            ["CancelRun"] = result => AnswersAsync(app, result, 404),
            ["GetErasure"] = result => AnswersAsync(app, result, 404),
            ["LiftPause"] = result => AnswersAsync(app, result, 404),
            ["StartRun"] = result => AnswersAsync(app, result, 400),
            ["ReplayDead"] = result => AnswersAsync(app, result, 400),
            ["DropDead"] = result => AnswersAsync(app, result, 400),
            ["ErasePerson"] = result => AnswersAsync(app, result, 400),
            ["PostCustomers"] = result => AnswersAsync(app, result, 202),
            ["ReceiveWebhook"] = result => AnswersAsync(app, result, 404),
            ["GetUpsert"] = result => AnswersAsync(app, result, 404),
            ["DeliverChanges"] = _ => DeliveryIsAsync(app, DeliveryState.Waiting, "cannot be reached"),
            ["DeliverChangesPoison"] = _ => DeliveryIsAsync(app, DeliveryState.Dead, "failed too often"),
            ["DeliverUpserts"] = _ => UpsertIsAsync(app, "Waiting"),
            ["DeliverUpsertsPoison"] = _ => UpsertIsAsync(app, "Dead"),
        };

        // Timers and posts first: they make the messages that the queue functions get.
        foreach (
            var function in Functions().OrderBy(function => Trigger(function) is QueueTriggerAttribute).ThenBy(Name, StringComparer.Ordinal)
        )
        {
            var instance = ActivatorUtilities.CreateInstance(app.Services, function.DeclaringType!);
            var arguments = await Task.WhenAll(function.GetParameters().Select(parameter => ArgumentAsync(app, parameter)));
            var task = (Task)function.Invoke(instance, arguments)!;
            await task;
            await checks[Name(function)](task.GetType().GetProperty("Result")?.GetValue(task));
        }
    }

    [Theory]
    [OverGenerations]
    public async Task Every_queue_and_endpoint_has_its_twin_in_the_local_host(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions { Campaigns = 1 }.EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var queues = Functions()
            .Select(Trigger)
            .OfType<QueueTriggerAttribute>()
            .Select(trigger => trigger.QueueName)
            .Order(StringComparer.Ordinal);
        Assert.Equal(queues, LocalQueues.Of(app.Services).Select(queue => queue.Name).Order(StringComparer.Ordinal));

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        await using var web = builder.Build();
        web.MapCubeFunctions(app.Services);
        var local = ((IEndpointRouteBuilder)web)
            .DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .SelectMany(endpoint =>
                endpoint
                    .Metadata.GetMetadata<HttpMethodMetadata>()!
                    .HttpMethods.Select(method => $"{method} {endpoint.RoutePattern.RawText!.Trim('/')}")
            );
        var deployed = Functions()
            .Select(Trigger)
            .OfType<HttpTriggerAttribute>()
            .SelectMany(trigger => trigger.Methods!.Select(method => $"{method.ToUpperInvariant()} api/{trigger.Route}"));
        Assert.Equal(deployed.Order(StringComparer.Ordinal), local.Order(StringComparer.Ordinal));
    }

    [Theory]
    [OverGenerations]
    public async Task A_SyncFeed_that_throws_five_times_is_counted_in_its_item_and_stops_no_other(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions { Campaigns = 2, CustomersPerAssignment = 20 }.EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var functions = ActivatorUtilities.CreateInstance<SyncFunctions>(app.Services);
        var victim = "";
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var queue = app.Worker(
            StorageNames.SyncQueue,
            async (message, token) =>
            {
                var item = JsonDocument.Parse(message).RootElement.GetProperty("item").GetString()!;
                Interlocked.CompareExchange(ref victim, item, "");
                await (item == victim ? throw new InvalidOperationException("out of order") : functions.SyncFeed(message, token));
            }
        );
        using var poison = app.Worker(StorageNames.SyncQueue + StorageNames.PoisonSuffix, functions.SyncFeedPoison);
        var work = Task.WhenAll(queue.RunAsync(stop.Token), poison.RunAsync(stop.Token));
        await functions.StartSync(new TimerInfo(), TestContext.Current.CancellationToken);
        var run = (await app.Get<Core.Sync.RunReader>().RecentAsync(1, TestContext.Current.CancellationToken)).Single();
        await WaitFor.TrueAsync(
            async () =>
                await OpenItemsAsync(app, run.RowKey) is [var item] && item.RowKey == victim && item.GetString("ReasonKind") == "Poison",
            TimeSpan.FromMinutes(2)
        );
        await stop.CancelAsync();
        await work;
        Assert.Contains(
            "failed too often",
            Assert.Single(await OpenItemsAsync(app, run.RowKey)).GetString("Reason"),
            StringComparison.Ordinal
        );
    }

    private static IEnumerable<MethodInfo> Functions() =>
        typeof(SyncFunctions)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static))
            .Where(method => method.IsDefined(typeof(FunctionAttribute), inherit: false));

    private static string Name(MethodInfo function) => function.GetCustomAttribute<FunctionAttribute>()!.Name;

    private static TriggerBindingAttribute Trigger(MethodInfo function) =>
        Assert.Single(function.GetParameters().SelectMany(parameter => parameter.GetCustomAttributes<TriggerBindingAttribute>()));

    private static string Describe(MethodInfo function) =>
        $"{Name(function)}: "
        + Trigger(function) switch
        {
            TimerTriggerAttribute { RunOnStartup: false } timer => $"timer {timer.Schedule}",
            QueueTriggerAttribute queue => $"queue {queue.QueueName} on {queue.Connection}",
            HttpTriggerAttribute http =>
                $"http {http.AuthLevel.ToString().ToLowerInvariant()} {string.Join(',', http.Methods!)} {http.Route}",
            _ => "unknown trigger",
        };

    private static async Task<object?> ArgumentAsync(TestApp app, ParameterInfo parameter)
    {
        if (parameter.ParameterType == typeof(CancellationToken))
        {
            return TestContext.Current.CancellationToken;
        }

        if (parameter.GetCustomAttribute<QueueTriggerAttribute>() is { } queue)
        {
            // What is on its way to the queue ends on the poison queue as it is; one message does for both.
            var name = queue.QueueName.Replace(StorageNames.PoisonSuffix, "", StringComparison.Ordinal);
            var hidden = name == StorageNames.SyncQueue ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(1);
            return (await ReceiveAsync(app, name, hidden)).Body.ToString();
        }

        if (parameter.ParameterType == typeof(HttpRequest))
        {
            var context = new DefaultHttpContext
            {
                Request =
                {
                    Method = "POST",
                    ContentType = "application/json",
                    Body = new MemoryStream("""{"customer_id":"a-1","name":"A"}"""u8.ToArray()),
                },
            };
            return context.Request;
        }

        return parameter.ParameterType == typeof(string) ? "17" : new TimerInfo();
    }

    private static async Task<QueueMessage> ReceiveAsync(TestApp app, string queue, TimeSpan hidden)
    {
        QueueMessage? message = null;
        await WaitFor.TrueAsync(
            async () =>
                (message = (await app.Storage.Queue(queue).ReceiveMessageAsync(hidden, TestContext.Current.CancellationToken)).Value)
                    is not null,
            TimeSpan.FromSeconds(20)
        );
        return message!;
    }

    private static async Task HasRunAsync(TestApp app, string kind) =>
        Assert.Contains(
            await app.Get<Core.Sync.RunReader>().RecentAsync(1, TestContext.Current.CancellationToken),
            run => $"{run.Kind}" == kind && run.Items > 0
        );

    private static Task<List<Azure.Data.Tables.TableEntity>> OpenItemsAsync(TestApp app, string run) =>
        app
            .Storage.Runs.QueryAsync<Azure.Data.Tables.TableEntity>(
                $"PartitionKey eq '{run}' and State eq 'Waiting'",
                cancellationToken: TestContext.Current.CancellationToken
            )
            .ToListAsync(TestContext.Current.CancellationToken)
            .AsTask();

    private static async Task PoisonIsCountedAsync(TestApp app)
    {
        var rows = await app
            .Storage.Runs.QueryAsync<Azure.Data.Tables.TableEntity>(
                "ReasonKind eq 'Poison'",
                cancellationToken: TestContext.Current.CancellationToken
            )
            .ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal("Waiting", Assert.Single(rows).GetString("State"));
    }

    private static async Task ItemEndedAsync(TestApp app, string state)
    {
        var ended = 0;
        await foreach (
            var row in app.Storage.Runs.QueryAsync<Azure.Data.Tables.TableEntity>(cancellationToken: TestContext.Current.CancellationToken)
        )
        {
            ended += row.GetString("State") == state && row.GetString("Feed") != "campaigns" ? 1 : 0;
        }

        Assert.Equal(1, ended);
    }

    private static async Task AnswersAsync(TestApp app, object? result, int status)
    {
        var context = new DefaultHttpContext { RequestServices = app.Services };
        await ((IResult)result!).ExecuteAsync(context);
        Assert.Equal(status, context.Response.StatusCode);
    }

    /// <summary>A change for a receiver that is not there.</summary>
    private static async Task PlanDeliveryAsync(TestApp app)
    {
        var row = new DeliveryRow
        {
            PartitionKey = "customers|assignment=17",
            RowKey = DeliveryRow.FileKey(1, "snapshot", "r1"),
            Path = "customers/a.ndjson",
            Changes = 1,
        };
        var line = """{"id":"1","feed":"customers","origin":"cube","key":"7","changed":[],"record":null,"customer":null}""" + "\n";
        await app.Storage.ChangeFiles.GetBlobClient(row.Path).UploadAsync(new BinaryData(line), TestContext.Current.CancellationToken);
        await app.Get<DeliveryStore>().AddAsync(row, TestContext.Current.CancellationToken);

        // As after five failures: what is unforeseen then is dead.
        await app.Get<DeliveryStore>()
            .Table.AddAsync(new DeliveryStreamRow { PartitionKey = row.PartitionKey, Failures = 5 }, TestContext.Current.CancellationToken);
        await app.Get<QueueNotifier<ChangeMessage>>()
            .SendAsync(ChangeMessage.Create(row.PartitionKey), TimeSpan.Zero, TestContext.Current.CancellationToken);
    }

    private static async Task DeliveryIsAsync(TestApp app, DeliveryState state, string reason) =>
        Assert.Contains(
            reason,
            Assert.Single(await app.Get<DeliveryReader>().InStateAsync(state, TestContext.Current.CancellationToken)).Reason,
            StringComparison.Ordinal
        );

    private static async Task UpsertIsAsync(TestApp app, string state)
    {
        await foreach (
            var row in app.Storage.Upserts.QueryAsync<Azure.Data.Tables.TableEntity>(
                cancellationToken: TestContext.Current.CancellationToken
            )
        )
        {
            Assert.Equal(state, row.GetString("State"));
        }
    }
}
