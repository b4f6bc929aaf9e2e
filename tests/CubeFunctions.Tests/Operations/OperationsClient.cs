using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Operations;

/// <summary>Asks the operations API of a test's app.</summary>
internal static class OperationsClient
{
    public static Task<Answer> GetAsync(this TestHttp http, string path, string? tag = null) =>
        SendAsync(http, HttpMethod.Get, path, null, null, tag);

    public static Task<Answer> ActAsync(this TestHttp http, string path, string? json = null, string? key = null) =>
        SendAsync(http, HttpMethod.Post, path, json, key, null);

    public static Task<Answer> DeleteAsync(this TestHttp http, string path) => SendAsync(http, HttpMethod.Delete, path, null, null, null);

    private static async Task<Answer> SendAsync(TestHttp http, HttpMethod method, string path, string? json, string? key, string? tag)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        if (tag is not null)
        {
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(tag));
        }

        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer(
            (int)response.StatusCode,
            text.Length == 0 ? default : JsonDocument.Parse(text).RootElement,
            text,
            response.Headers.Location?.ToString(),
            response.Headers.ETag?.ToString(),
            response.Headers.RetryAfter?.Delta,
            response.Content.Headers.ContentType?.MediaType
        );
    }
}

/// <summary>What came back.</summary>
internal sealed record Answer(
    int Status,
    JsonElement Json,
    string Text,
    string? Location,
    string? ETag,
    TimeSpan? RetryAfter,
    string? MediaType
)
{
    public string this[string member] => Json.GetProperty(member).ToString();

    /// <summary>Fails unless it is problem details of this status.</summary>
    public void AssertProblem(int status)
    {
        Assert.Equal((status, "application/problem+json"), (Status, MediaType));
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(this["title"]);
        Assert.NotEmpty(this["detail"]);
    }
}
