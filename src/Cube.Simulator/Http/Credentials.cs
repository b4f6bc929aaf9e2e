using System.Text;
using Microsoft.AspNetCore.Http;

namespace Cube.Simulator.Http;

/// <summary>The two ways to sign in.</summary>
internal sealed class Credentials(SimulatorOptions options)
{
    private readonly string token = $"Token {options.Token}";
    private readonly string basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.Username}:{options.Password}"));

    public bool Accept(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header == token || header == basic;
    }
}
