using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CubeFunctions.Core;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Storage;

public sealed class QueueNotifierTests(AzuriteFixture azurite)
{
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-5, 0)]
    [InlineData(0, 0)]
    [InlineData(0.2, 1)]
    [InlineData(2, 2)]
    [InlineData(30 * 86_400.0, 6 * 86_400)]
    public async Task A_message_never_comes_early_and_never_expires(double seconds, int hidden)
    {
        var storage = await OpenAsync();
        var notifier = new QueueNotifier<TestMessage>(storage, TimeProvider.System);
        var sent = new List<TimeSpan>();
        notifier.Sent += sent.Add;
        await notifier.SendAsync(new(1, "row"), TimeSpan.FromSeconds(seconds), _token);
        Assert.Equal([TimeSpan.FromSeconds(hidden)], sent);
        Assert.Equal(hidden == 0, await notifier.HasVisibleAsync(_token));
        if (hidden == 0)
        {
            var message = (await storage.Queue(TestMessage.Queue).ReceiveMessageAsync(cancellationToken: _token)).Value;
            Assert.Equal(new TestMessage(1, "row"), QueueMessages.Read<TestMessage>(message.Body.ToString()));
            Assert.Equal(DateTimeOffset.MaxValue.Year, message.ExpiresOn!.Value.Year);
        }
    }

    [Fact]
    public async Task A_queue_that_is_missing_has_nothing() =>
        Assert.False(await new QueueNotifier<TestMessage>(await OpenAsync(), TimeProvider.System).HasVisibleAsync(_token));

    [Theory]
    [InlineData("""{"v":1,"row":"r"}""", true)]
    [InlineData("""{"v":2,"row":"r"}""", false)]
    [InlineData("""{"v":1}""", false)]
    [InlineData("null", false)]
    [InlineData("Kari Nordmann", false)]
    [InlineData("", false)]
    public async Task A_poison_message_goes_to_its_lane_or_is_logged_as_unreadable(string text, bool readable)
    {
        using var logs = new CollectingLogger();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var dead = new List<TestMessage>();
        var handler = new PoisonHandler(factory.CreateLogger<PoisonHandler>());
        await handler.HandleAsync<TestMessage>(
            text,
            (message, _) =>
            {
                dead.Add(message);
                return Task.CompletedTask;
            },
            _token
        );
        Assert.Equal(readable ? [new TestMessage(1, "r")] : [], dead);
        Assert.Equal(readable ? 0 : 1, logs.Lines.Count);
        Assert.DoesNotContain(logs.Lines, line => line.Text.Contains("Nordmann", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dead_letter_that_fails_has_the_message_come_again()
    {
        using var factory = LoggerFactory.Create(_ => { });
        var handler = new PoisonHandler(factory.CreateLogger<PoisonHandler>());
        await Assert.ThrowsAsync<IOException>(() =>
            handler.HandleAsync<TestMessage>("""{"v":1,"row":"r"}""", (_, _) => throw new IOException(), _token)
        );
    }

    private async Task<StorageClients> OpenAsync()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["CubeStorage"] = await azurite.NewAccountAsync(),
                    ["Cube:BaseUrl"] = "http://127.0.0.1:1",
                    ["Cube:Token"] = "t",
                }
            )
            .Build();
        return new StorageClients(AppSettings.Read(configuration).Storage);
    }
}

public sealed record TestMessage(int V, string Row) : IQueueMessage<TestMessage>
{
    public static string Queue => "test-messages";

    public static JsonTypeInfo<TestMessage> Json => TestMessageJson.Default.TestMessage;

    public string? Traceparent => null;

    public DateTimeOffset? Due => null;

    public TestMessage Sent(string? traceparent, DateTimeOffset due) => this;

    public bool IsComplete() => V == 1 && Row is { Length: > 0 };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TestMessage))]
internal sealed partial class TestMessageJson : JsonSerializerContext;
