using Cube.Simulator.Rows;

namespace Cube.Simulator.Http;

/// <summary>What to answer, before faults have their say.</summary>
internal abstract record Answer
{
    public static Answer NotFound { get; } = new BodyAnswer(404, Json.Detail("Not found."));

    public static Answer Forbidden { get; } = new BodyAnswer(403, Json.Detail("You do not have permission to perform this action."));

    public static Answer Unauthorized { get; } =
        new BodyAnswer(401, Json.Detail("Authentication credentials were not provided or are wrong."));

    public static Answer Throttled { get; } = new BodyAnswer(429, Json.Detail("Request was throttled."));

    public static Answer LoginPage { get; } = new BodyAnswer(200, Html("Sign in", "Please sign in to go on."), "text/html; charset=utf-8");

    /// <summary>A page of nothing that says so beside the point.</summary>
    public static Answer ErrorAsPage { get; } =
        new BodyAnswer(200, """{"count":0,"next":null,"previous":null,"results":[],"error":"partial outage"}"""u8.ToArray());

    public static Answer ProxyError { get; } =
        new BodyAnswer(502, Html("Bad gateway", "The server did not answer in time."), "text/html; charset=utf-8");

    public static Answer MethodNotAllowed(string method) => new BodyAnswer(405, Json.Detail($"Method \"{method}\" not allowed."));

    public static Answer NotImplemented() => new BodyAnswer(501, Json.Detail("not yet implemented"));

    public static Answer Invalid(string field, string message) =>
        new BodyAnswer(400, Json.FieldErrors([KeyValuePair.Create(field, message)]));

    private static byte[] Html(string title, string text) =>
        System.Text.Encoding.UTF8.GetBytes(
            $"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>\n"
        );
}

/// <summary>A small answer, ready.</summary>
internal sealed record BodyAnswer(int Status, byte[] Body, string ContentType = "application/json") : Answer
{
    /// <summary>The <c>Allow</c> header, or null.</summary>
    public string? Allow { get; init; }

    /// <summary>The <c>Content-Encoding</c> header, or null.</summary>
    public string? Encoding { get; init; }
}

/// <summary>A page of a feed, to be written while it is sent.</summary>
internal sealed record PageAnswer(IRows Rows, int Page, int Size) : Answer;
