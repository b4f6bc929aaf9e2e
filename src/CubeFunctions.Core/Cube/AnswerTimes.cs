namespace CubeFunctions.Core.Cube;

/// <summary>Notes how each request to Cube was answered.</summary>
internal sealed class AnswerTimes(CubeLimits limits, TimeProvider time) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (sentAt, started) = (time.GetUtcNow(), time.GetTimestamp());
        var response = await base.SendAsync(request, cancellationToken);
        limits.Note(sentAt, time.GetElapsedTime(started), response.StatusCode);
        return response;
    }
}
