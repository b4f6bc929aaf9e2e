using System.Net.Security;
using CubeFunctions.Core.Settings;
using Polly;

namespace CubeFunctions.Core.Cube;

/// <summary>
/// A connection of its own to Cube, through the one client, that tries each request once and notes what the answers show besides their
/// bodies.
/// </summary>
internal sealed class ObservedConnection : IDisposable
{
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(15);
    private readonly HttpClient _http;
    private readonly Observer _observer;

    public ObservedConnection(
        CubeSettings settings,
        TenantPause pause,
        CubeLimits limits,
        RecordReaders records,
        TenantGeneration generation,
        TimeProvider time
    )
    {
        var handler = CubePipelines.NewHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            Certificate = SeenCertificate.From(certificate, chain, errors);
            return errors == SslPolicyErrors.None;
        };
        _observer = new Observer(handler, time);
        _http = new HttpClient(_observer) { Timeout = Timeout.InfiniteTimeSpan };
        var once = new CubeTries(ResiliencePipeline.Empty, AttemptLimit);
        Client = new CubeClient(_http, settings, pause, limits, records, once, generation, time);
    }

    /// <summary>The client that uses it.</summary>
    public CubeClient Client { get; }

    /// <summary>The server's certificate, once a secure connection was tried.</summary>
    public SeenCertificate? Certificate { get; private set; }

    /// <summary>Requests that were sent, redirects among them.</summary>
    public int Requests => _observer.Requests;

    /// <summary>Requests that were answered, whatever the answer.</summary>
    public int Answers => _observer.Answers;

    /// <summary>How far Cube's clock is ahead of ours, by the newest answer; null where none had a date.</summary>
    public TimeSpan? ClockAhead => _observer.ClockAhead;

    /// <summary>The methods that the newest answer allows; empty where it does not say.</summary>
    public IReadOnlyCollection<string> Allowed => _observer.Allowed;

    public void Dispose() => _http.Dispose();

    private sealed class Observer(HttpMessageHandler inner, TimeProvider time) : DelegatingHandler(inner)
    {
        /// <summary>A date says whole seconds: on average it is half a second old.</summary>
        private static readonly TimeSpan CutOff = TimeSpan.FromSeconds(0.5);

        public int Requests { get; private set; }

        public int Answers { get; private set; }

        public TimeSpan? ClockAhead { get; private set; }

        public IReadOnlyCollection<string> Allowed { get; private set; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            Allowed = [];
            var sent = time.GetUtcNow();
            var response = await base.SendAsync(request, cancellationToken);
            var received = time.GetUtcNow();
            Answers++;
            Allowed = [.. response.Content.Headers.Allow];
            if (response.Headers.Date is { } date)
            {
                ClockAhead = date + CutOff - (sent + ((received - sent) / 2));
            }

            return response;
        }
    }
}
