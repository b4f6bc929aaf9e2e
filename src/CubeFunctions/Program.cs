using CubeFunctions;
using Microsoft.Extensions.Hosting;

WorkerApplication.CreateBuilder(args).Build().Run();
