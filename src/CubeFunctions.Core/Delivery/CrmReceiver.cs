using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Delivery;

/// <summary>POSTs changes to the receiver, signed as the Standard Webhooks specification says.</summary>
/// <remarks>The <c>webhook-id</c> follows from the changes that are sent: a repeat of the same ones has the same.</remarks>
public sealed class CrmReceiver(HttpClient http, DeliverySettings settings, SyncSettings sync, TimeProvider time)
{
    /// <summary>The shortest lease of a stream: a receiver may take seconds.</summary>
    private static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(30);

    /// <summary>How long a worker holds a stream, unless renewed.</summary>
    internal TimeSpan Lease => sync.Lease > ShortestLease ? sync.Lease : ShortestLease;

    /// <summary>How long the receiver may take to answer: less than the lease, so that no other worker sends meanwhile.</summary>
    internal TimeSpan AnswerLimit => Lease * 0.5 < LongestAnswer ? Lease * 0.5 : LongestAnswer;

    /// <summary>Sends changes.</summary>
    /// <param name="ids">Their ids.</param>
    /// <param name="body">The request's body.</param>
    /// <param name="causes">Traces that they stem from.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="CrmException">The receiver has not taken them.</exception>
    internal async Task PostAsync(
        IEnumerable<string> ids,
        ReadOnlyMemory<byte> body,
        DeliveryCauses causes,
        CancellationToken cancellationToken
    )
    {
        var crm = settings.Crm ?? throw new InvalidOperationException("No receiver is set.");
        var id = Hash128.Of(Encoding.ASCII.GetBytes(string.Concat(ids))).ToString();
        var now = time.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, crm.Url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add(StandardWebhooksSignature.IdHeader, id);
        request.Headers.Add(StandardWebhooksSignature.TimestampHeader, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(StandardWebhooksSignature.SignatureHeader, StandardWebhooksSignature.Sign(crm.Secret.Key, id, now, body.Span));

        using var span = StartSpan(crm.Url, causes);
        if (span?.Id is { } traceparent)
        {
            request.Headers.Add("traceparent", traceparent);
        }

        // In real time, whatever the clock of the application says.
        using var limit = new CancellationTokenSource(AnswerLimit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var answer = await http.SendAsync(request, span, either.Token);
            if (!answer.IsSuccessStatusCode)
            {
                throw Failure(answer);
            }
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CrmException(CrmFailureKind.Transient, "the receiver did not answer in time", exception);
        }
        catch (HttpRequestException exception)
        {
            var why = exception.GetBaseException() is SocketException socket
                ? $": {socket.SocketErrorCode}"
                : $": {exception.HttpRequestError}";
            throw new CrmException(CrmFailureKind.Transient, $"the receiver cannot be reached{why}", exception);
        }
    }

    /// <summary>
    /// A request that carries what one upsert led to is part of that upsert's trace: a webhook's trace goes to Cube and back out to the
    /// CRM. The run's is linked with it, both ways. Where there are several upserts, all are linked.
    /// </summary>
    private static Activity? StartSpan(Uri url, DeliveryCauses causes)
    {
        var delivery = Activity.Current;
        if (delivery is not { Recorded: true } || causes.Upserts is not [{ TraceFlags: ActivityTraceFlags.Recorded } upsert])
        {
            return RequestSpans.Start(HttpMethod.Post, url, route: null, links: [causes.Run, .. causes.Upserts]);
        }

        var span = RequestSpans.Start(HttpMethod.Post, url, route: null, upsert, [delivery.Context, .. OtherThan(delivery, causes.Run)]);
        if (span is not null)
        {
            delivery.AddLink(new ActivityLink(span.Context));
        }

        return span;

        static ActivityContext[] OtherThan(Activity delivery, ActivityContext run) => run.TraceId == delivery.TraceId ? [] : [run];
    }

    private CrmException Failure(HttpResponseMessage answer)
    {
        // 409 and 422 are said of what was sent, 400 and 413 as well; whatever else goes wrong is not the change's fault.
        var kind = answer.StatusCode switch
        {
            HttpStatusCode.Gone => CrmFailureKind.Gone,
            HttpStatusCode.BadRequest
            or HttpStatusCode.Conflict
            or HttpStatusCode.RequestEntityTooLarge
            or HttpStatusCode.UnprocessableEntity => CrmFailureKind.Refused,
            _ => CrmFailureKind.Transient,
        };
        return new CrmException(kind, $"the receiver answered {(int)answer.StatusCode}")
        {
            RetryAfter = RetryAfterHeader.Read(answer.Headers, time.GetUtcNow()),
        };
    }
}
