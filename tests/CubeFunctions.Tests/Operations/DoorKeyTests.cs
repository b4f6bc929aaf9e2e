using System.Text.Json;
using System.Text.RegularExpressions;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Operations;

/// <summary>Keys of reading and of acting, over every route that the OpenAPI document has.</summary>
public sealed partial class DoorKeyTests(AzuriteFixture azurite)
{
    private const string Reads = "key-that-reads";
    private const string Acts = "key-that-acts";

    /// <summary>Every operation of the document, and whether it asks for a key.</summary>
    internal static List<(string Method, string Path, bool HasKey)> Operations() =>
        [
            .. JsonDocument
                .Parse(Repository.Read("docs/openapi.json"))
                .RootElement.GetProperty("paths")
                .EnumerateObject()
                .SelectMany(
                    path => path.Value.EnumerateObject(),
                    (path, method) => (method.Name.ToUpperInvariant(), path.Name, method.Value.TryGetProperty("security", out _))
                ),
        ];

    [Fact]
    public async Task A_key_that_reads_cannot_act_and_a_wrong_one_learns_nothing()
    {
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), new Uri("http://127.0.0.1:1/"));
        await using var http = await TestHttp.StartAsync(app, Reads, Acts);
        var operations = Operations();
        var acting = operations.FindAll(operation => operation.Method != "GET");
        Assert.Equal(["/api/webhooks/{sender}"], acting.FindAll(operation => !operation.HasKey).ConvertAll(operation => operation.Path));
        Assert.True(acting.Count > 7, $"{acting.Count} operations act");

        var refusals = new List<string>();
        foreach (var (method, path, _) in operations.FindAll(operation => operation.HasKey))
        {
            // Acting keys are those of each function: here one stands for them, and does not read either.
            refusals.Add(await RefusalAsync(method, path, method == "GET" ? Acts : Reads));
            refusals.Add(await RefusalAsync(method, path, "wrong"));
            refusals.Add(await RefusalAsync(method, path, ""));
        }

        Assert.Equal(["401"], refusals.Distinct());

        async Task<string> RefusalAsync(string method, string path, string key)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), Parameter().Replace(path, "17"));
            request.Headers.TryAddWithoutValidation("x-functions-key", key);
            using var answer = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);
            var said = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var headers = answer.Headers.Where(header => header.Key is not ("Date" or "Server")).Select(header => header.Key);
            return string.Join(' ', headers.Prepend(said).Prepend($"{(int)answer.StatusCode}")).Trim();
        }
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
