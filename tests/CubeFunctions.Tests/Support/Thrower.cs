using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CubeFunctions.Tests.Support;

/// <summary>What no code has a rule for.</summary>
public sealed class UnforeseenException : Exception;

/// <summary>Stands at places of the application that a test chooses, and throws at one of them, once: what nobody foresaw.</summary>
public sealed class Thrower
{
    private int _left = int.MaxValue;
    private int _passed;

    /// <summary>How often a place was passed.</summary>
    public int Passed => Volatile.Read(ref _passed);

    /// <summary>The place that threw; empty as long as none has.</summary>
    public string Thrown { get; private set; } = "";

    /// <summary>Whether a place throws each time.</summary>
    public Func<string, bool>? Always { get; set; }

    /// <summary>Throws at a pass from now, counted from 0.</summary>
    public void ThrowAt(int position)
    {
        Thrown = "";
        Volatile.Write(ref _left, position);
    }

    /// <summary>Is at a place.</summary>
    /// <exception cref="UnforeseenException">It is the one that throws.</exception>
    public void Pass(string place)
    {
        Interlocked.Increment(ref _passed);
        if (Interlocked.Decrement(ref _left) == -1 || Always?.Invoke(place) == true)
        {
            Thrown = place;
            throw new UnforeseenException();
        }
    }

    /// <summary>Stands inside of the handler of a client's requests.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="client">The client's class.</param>
    public void StandInHandlerOf(IHostApplicationBuilder builder, Type client) =>
        builder.Services.AddHttpClient(client.Name).AddHttpMessageHandler(() => new Handler(this));

    private sealed class Handler(Thrower thrower) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            thrower.Pass($"{request.Method} {request.RequestUri!.AbsolutePath}");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
